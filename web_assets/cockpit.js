// The Cockpit by keyboard, by choosing many, and by moving cards. What is to be done is always a submit of one form (#change),
// so that the server's answer, with Undo or with what is wrong, comes the same way whatever it began with.
(function () {
  const form = document.getElementById("change");
  const list = () => document.getElementById("cta-list");
  const rows = () => [...document.querySelectorAll("[data-cta]")];
  const picks = () => [...document.querySelectorAll("[data-pick]")];
  const picked = () => picks().filter((box) => box.checked).map((box) => box.closest("[data-cta]"));
  const linkOf = (row) => row?.querySelector("a");
  const current = () => document.activeElement?.closest?.("[data-cta]");
  let lastPick = null;
  let about = []; // the rows that the open dialog is about
  let keep = null; // where to stand after the list came anew: id and place

  const isTyping = (target) => Boolean(target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]"));

  // Which CTAs: what is chosen, else the one that has the focus.
  function chosen(row) {
    const all = picked();
    if (row && !all.includes(row)) return [row];
    return all.length ? all : row ? [row] : [];
  }

  function fill(some, seen) {
    about = some;
    const box = form.querySelector("[data-chosen]");
    box.replaceChildren(...[...new Set(some.map((row) => row.dataset.cta))].map((id) => {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = "cta";
      input.value = id;
      return input;
    }));
    const field = form.querySelector("[data-seen]");
    field.disabled = seen === undefined;
    field.value = seen ?? "";
  }

  function ask(name, row) {
    const some = chosen(row ?? current());
    if (!form || !some.length) return;
    const one = some.length === 1 ? some[0] : null;
    const seen = { due: one?.dataset.due, [one?.dataset.column !== undefined ? columnsBy() : ""]: one?.dataset.column }[name];
    fill(some, one ? seen : undefined);
    const dialog = document.getElementById(`ask-${name}`);
    dialog.querySelector("[data-about]").textContent = one ? one.dataset.name : `${some.length} CTAs`;
    if (name === "due" && one) dialog.querySelector("input[type=date]").value = one.dataset.due;
    dialog.showModal();
    dialog.querySelector("input, select, textarea")?.focus();
  }

  const columnsBy = () => document.querySelector("[data-drop][data-key]")?.dataset.drop ?? "";
  const act = (name) => form.querySelector(`button[type=submit][value="${name}"]`);

  function now(name, some) {
    if (!form || !some.length) return;
    fill(some);
    form.requestSubmit(act(name));
  }

  function bar() {
    if (!form) return;
    const count = picked().length;
    form.querySelector("[data-bar]").hidden = count === 0;
    form.querySelector("[data-count]").textContent = count ? `${count} chosen` : "";
    const all = document.querySelector("[data-pick-all]");
    if (all) {
      all.checked = count > 0 && count === picks().length;
      all.indeterminate = count > 0 && count < picks().length;
    }
  }

  function pickNone() {
    for (const box of picks()) box.checked = false;
    bar();
  }

  function move(by) {
    const all = rows().filter((row) => row.offsetParent !== null);
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
    linkOf(all[next]).focus();
    all[next].scrollIntoView({ block: "nearest" });
  }

  function done(row) {
    if (!row) return;
    if (row.dataset.write && !picked().length) location.assign(row.dataset.write);
    else now("done", chosen(row));
  }

  // Choosing, with Shift for all between.
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-pick]");
    if (!box) return;
    const all = picks();
    if (event.shiftKey && lastPick && all.includes(lastPick)) {
      const [from, to] = [all.indexOf(lastPick), all.indexOf(box)].sort((one, other) => one - other);
      for (const each of all.slice(from, to + 1)) each.checked = box.checked;
    }
    lastPick = box;
    bar();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("[data-pick-all]")) return;
    for (const box of picks()) box.checked = event.target.checked;
    bar();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.dataset.open) document.getElementById(button.dataset.open)?.showModal();
    else if ("close" in button.dataset) button.closest("dialog").close();
    else if (button.dataset.ask) ask(button.dataset.ask, button.closest("[data-cta]"));
    else if ("clear" in button.dataset) pickNone();
  });

  form?.addEventListener("submit", (event) => {
    const dialog = event.submitter?.closest("dialog");
    if (!dialog && !about.length) fill(chosen(current()));
    if (!dialog && picked().length) fill(picked());
    const row = current() ?? about[0];
    const all = rows();
    keep = row ? { id: row.dataset.cta, at: all.indexOf(row) } : null;
    dialog?.close();
  }, true);

  // The list came anew: nothing is chosen, the focus stands where it stood, the address says what is shown.
  document.addEventListener("htmx:after:swap", () => {
    const box = list();
    if (!box || box === list.last) return;
    list.last = box;
    history.replaceState(null, "", box.dataset.here);
    about = [];
    bar();
    if (!keep) return;
    const all = rows();
    const row = all.find((one) => one.dataset.cta === keep.id) ?? all[Math.min(keep.at, all.length - 1)];
    keep = null;
    linkOf(row)?.focus({ preventScroll: true });
  });
  list.last = list();

  // Cards go to columns, CTAs to days: shown at once, put back when the server refuses.
  let dragged = null;
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-cta][draggable=true]");
    if (dragged) event.dataTransfer.setData("text/plain", dragged.dataset.cta);
  });
  document.addEventListener("dragend", () => {
    dragged = null;
    for (const box of document.querySelectorAll(".is-over")) box.classList.remove("is-over");
  });
  document.addEventListener("dragover", (event) => {
    const place = event.target.closest?.("[data-drop]");
    for (const box of document.querySelectorAll(".is-over")) if (box !== place) box.classList.remove("is-over");
    if (!dragged || !place) return;
    event.preventDefault();
    place.classList.add("is-over");
  });
  document.addEventListener("drop", (event) => {
    const place = event.target.closest?.("[data-drop]");
    if (!dragged || !place || !form) return;
    event.preventDefault();
    const { drop, key } = place.dataset;
    const row = dragged;
    if (drop === "close") { ask("close", row); return; }
    const before = drop === "due" ? row.dataset.due : row.dataset.column;
    if (before === key) return;
    fill([row], before);
    const dialog = document.getElementById(`ask-${drop}`);
    dialog.querySelector("input, select").value = key;
    row.dataset[drop === "due" ? "due" : "column"] = key;
    place.querySelector("ul")?.prepend(row);
    form.requestSubmit(act(drop));
  });
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    if (ctx.sourceElement === form && ctx.response.status !== 401) document.body.dispatchEvent(new CustomEvent("cockpit-changed"));
  });

  const KEYS = {
    j: () => move(1), k: () => move(-1),
    x: () => { const box = current()?.querySelector("[data-pick]"); if (box) { box.checked = !box.checked; lastPick = box; bar(); } },
    e: () => done(current()),
    f: () => { const some = chosen(current()); if (some.length) now(some[0].dataset.flagged ? "unflag" : "flag", some); },
    s: () => ask("snooze"), d: () => ask("due"), o: () => ask("owner"), p: () => ask("priority"), m: () => ask("status"), w: () => ask("close"),
    u: () => document.querySelector("#toast [data-undo]")?.click(),
    b: () => document.querySelector("[data-layout=board]")?.click(),
    l: () => document.querySelector("[data-layout=list]")?.click(),
    c: () => document.querySelector("[data-layout=calendar]")?.click(),
    "?": () => document.getElementById("ask-keys")?.showModal(),
    Escape: pickNone,
  };
  const VIEWS = { m: 0, a: 1, t: 2, r: 3 };
  let wasG = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "g") { wasG = Date.now(); return; }
    const isView = Date.now() - wasG < 1500 && event.key in VIEWS;
    wasG = 0;
    if (isView) {
      event.preventDefault();
      document.querySelectorAll("[data-views] a")[VIEWS[event.key]]?.click();
      return;
    }
    const deed = KEYS[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  });
  bar();
})();

// What the pages do in the browser beyond htmx. Loaded before Alpine's CSP build, which starts itself.
(function () {
  const focusables = (box) => [...box.querySelectorAll("a[href], button:not([disabled])")];

  function step(items, from, by) {
    if (!items.length) return;
    const next = (items.indexOf(from) + by + items.length) % items.length;
    items[from && items.includes(from) ? next : by > 0 ? 0 : items.length - 1].focus();
  }

  // The frame: on small screens the side bar slides in over the page.
  const shell = () => ({
    open: false,
    show() {
      this.open = true;
      this.$nextTick(() => focusables(this.$refs.side)[0]?.focus());
    },
    hide() {
      if (!this.open) return;
      this.open = false;
      this.$nextTick(() => this.$refs.opener?.focus());
    },
  });

  const theme = () => ({
    dark: false,
    init() { this.dark = document.documentElement.getAttribute("data-bs-theme") === "dark"; },
    toggle() {
      this.dark = !this.dark;
      const name = this.dark ? "dark" : "light";
      document.documentElement.setAttribute("data-bs-theme", name);
      try { localStorage.setItem("rapport-theme", name); } catch { /* storage is off: this page only */ }
    },
  });

  const menu = () => ({
    open: false,
    toggle() { this.open = !this.open; },
    hide() { this.open = false; },
    leave() {
      if (this.open) this.$refs.opener.focus();
      this.open = false;
    },
    down(event) {
      event.preventDefault();
      this.open = true;
      this.$nextTick(() => step(focusables(this.$refs.panel), document.activeElement, 1));
    },
    up(event) {
      event.preventDefault();
      step(focusables(this.$refs.panel), document.activeElement, -1);
    },
  });

  // The search field of the top bar: htmx fills the panel, this opens, closes and walks it.
  const search = () => ({
    open: false,
    init() {
      this.$root.addEventListener("htmx:after:swap", () => { this.open = this.hasPanel(); });
    },
    hasPanel() { return this.$refs.panel.childElementCount > 0; },
    show() { this.open = this.hasPanel(); },
    hide() { this.open = false; },
    leave() {
      this.$refs.field.focus(); // which opens the panel
      this.open = false;
    },
    left(event) { if (!this.$root.contains(event.relatedTarget)) this.open = false; },
    down(event) { this.walk(event, 1); },
    up(event) { this.walk(event, -1); },
    walk(event, by) {
      if (!this.hasPanel()) return;
      event.preventDefault();
      this.open = true;
      const items = [this.$refs.field, ...focusables(this.$refs.panel)];
      this.$nextTick(() => step(items, document.activeElement, by));
    },
  });

  // How the composer shows a preview; kept while htmx replaces the preview itself.
  const preview = () => ({
    part: "html",
    width: "desktop",
    showPart(name) { this.part = name; },
    showWidth(name) { this.width = name; },
    isPart(name) { return this.part === name; },
    isWidth(name) { return this.width === name; },
    paneClass() { return `rp-pane is-${this.part} is-${this.width}`; },
  });

  // "Restore template text": puts the texts of the template back into the fields, then asks for a preview.
  const composer = () => ({
    role: "",
    words: "",
    init() { this.role = this.$root.querySelector("[name=show_role]:checked")?.value ?? ""; this.showContacts(); },
    pickRole(event) { this.role = event.target.value; this.showContacts(); },
    findContact(event) { this.words = event.target.value.trim().toLowerCase(); this.showContacts(); },
    // Who is chosen stays in sight, whatever the filter says.
    showContacts() {
      for (const one of this.$root.querySelectorAll("[data-contact]")) {
        const fits = (!this.role || one.dataset.role === this.role) && one.dataset.words.includes(this.words);
        one.hidden = !fits && !one.querySelector(":checked");
      }
    },
    restore() {
      const fields = [...this.$root.querySelectorAll("[data-template-text]")];
      for (const field of fields) field.value = field.dataset.templateText;
      fields.at(-1)?.dispatchEvent(new Event("input", { bubbles: true }));
      fields[0]?.focus();
    },
  });

  // A read-only field with a button beside it. Without a clipboard (plain http) the text is selected all the same.
  const copier = () => ({
    label: "Copy",
    async copy() {
      this.$refs.text.select();
      try {
        if (navigator.clipboard) await navigator.clipboard.writeText(this.$refs.text.value);
        else if (!document.execCommand("copy")) return;
      } catch { return; }
      this.label = "Copied";
      setTimeout(() => { this.label = "Copy"; }, 2000);
    },
  });

  // "@" and the beginning of a name in a comment: colleagues to choose from, with arrows and Enter or the mouse.
  const mentions = () => ({
    at: -1,
    names() { return this.$root.dataset.colleagues.split("\n").filter(Boolean); },
    options() { return [...this.$refs.list.children]; },
    look() {
      const field = this.$refs.text;
      const typed = /(^|\s)@([^@\n]{0,40})$/.exec(field.value.slice(0, field.selectionStart));
      const begun = typed && typed[2].toLowerCase();
      const found = typed ? this.names().filter((name) => name.toLowerCase().startsWith(begun) && name.toLowerCase() !== begun) : [];
      this.$refs.list.replaceChildren(...found.slice(0, 6).map((name, place) => {
        const option = document.createElement("li");
        option.role = "option";
        option.id = `mention-${place}`;
        option.textContent = name;
        option.addEventListener("mousedown", (event) => { event.preventDefault(); this.take(name); });
        return option;
      }));
      this.$refs.list.hidden = !found.length;
      this.mark(found.length ? 0 : -1);
    },
    mark(place) {
      this.at = place;
      this.options().forEach((one, index) => one.setAttribute("aria-selected", String(index === place)));
      if (place < 0) this.$refs.text.removeAttribute("aria-activedescendant");
      else this.$refs.text.setAttribute("aria-activedescendant", `mention-${place}`);
    },
    take(name) {
      const field = this.$refs.text;
      const start = field.value.lastIndexOf("@", field.selectionStart - 1);
      field.setRangeText(`@${name} `, start, field.selectionStart, "end");
      this.leave();
      field.focus();
    },
    key(event) {
      const options = this.options();
      if (this.$refs.list.hidden || !options.length) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const by = event.key === "ArrowDown" ? 1 : -1;
        this.mark((this.at + by + options.length) % options.length);
      } else if (event.key === "Enter" || event.key === "Tab") this.take(options[this.at].textContent);
      else if (event.key === "Escape") this.leave();
      else return;
      event.preventDefault();
    },
    leave() {
      this.$refs.list.hidden = true;
      this.mark(-1);
    },
  });

  const dismissable = () => ({ gone: false, dismiss() { this.gone = true; } });

  document.addEventListener("alpine:init", () => {
    const parts = { shell, theme, menu, search, preview, composer, copier, mentions, dismissable };
    for (const [name, part] of Object.entries(parts)) window.Alpine.data(name, part);
  });

  // "Are you sure?": one dialog for forms that carry data-confirm, with or without htmx.
  function ask(form) {
    const dialog = document.getElementById("confirm");
    dialog.querySelector("[data-confirm-text]").textContent = form.dataset.confirm;
    dialog.querySelector("[data-confirm-yes]").textContent = form.dataset.confirmLabel || "Continue";
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  const agreed = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.confirm || agreed.has(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const by = event.submitter;
    ask(form).then((yes) => {
      if (!yes) return;
      agreed.add(form);
      form.requestSubmit(by);
      agreed.delete(form);
    });
  }, true);

  // What htmx could not get is said at the edge of the page (htmx swaps answers of 422 only, see _head.html).
  // Polls stay silent: they ask again. Signed out meanwhile: load the page anew, which leads to the door.
  let toastTimer;
  function toast(text) {
    const box = document.getElementById("toast");
    const note = document.createElement("div");
    note.className = "rp-note rp-tone-danger";
    note.textContent = text;
    box?.replaceChildren(note);
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => box?.replaceChildren(), 9000);
  }
  const isPoll = (ctx) => ctx?.sourceElement?.getAttribute("hx-trigger")?.startsWith("every");
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    const status = ctx.response.status;
    if (status === 401) location.reload();
    else if (status !== 422 && !isPoll(ctx)) toast(status === 429 ? "That was a bit fast. Wait a moment and try again." : `That did not work (error ${status}). Load the page anew and try again.`);
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (!isPoll(ctx)) toast("Rapport cannot be reached. Check your connection and try again.");
  });

  // A form that leaves the page is sent once: its button says so and cannot be pressed again.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button || !event.target.hasAttribute("data-once")) return;
    setTimeout(() => {
      button.disabled = true;
      if (button.dataset.busy) button.textContent = button.dataset.busy;
    });
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  // Who types before htmx is ready is answered all the same.
  document.addEventListener("htmx:after:init", ({ target }) => {
    if (target !== document.activeElement || !target.matches("input") || target.value === target.defaultValue) return;
    target.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // "/" jumps to the search field, as people expect it.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const field = document.getElementById("search-field");
    if (field) { event.preventDefault(); field.focus(); }
  });
})();

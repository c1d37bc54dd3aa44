// Whose eyes the preview has: a search over contacts and the ten that are hardest on a template.
import { afterQuiet, getJson, inWords } from "./asking.js";

const PAUSE_MS = 200;

export class ContactPicker {
  // box: the element with the opener, the panel, the search field and the two lists. onChoose({id, label}).
  constructor({ box, url, onChoose }) {
    Object.assign(this, { box, url, onChoose });
    this.opener = box.querySelector("[data-picker-open]");
    this.panel = box.querySelector("[data-picker-panel]");
    this.field = box.querySelector("input[type=search]");
    this.found = box.querySelector("[data-picker-found]");
    this.asked = null;
    this.soon = afterQuiet(PAUSE_MS, () => this.search());
    this.opener.addEventListener("click", () => this.toggle(this.panel.hidden));
    this.field.addEventListener("input", () => this.outdate());
    this.panel.addEventListener("click", (event) => this.choose(event.target.closest("[data-contact-id]")));
    box.addEventListener("keydown", (event) => this.key(event));
    box.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !box.contains(event.relatedTarget)) this.toggle(false);
    });
    document.addEventListener("pointerdown", (event) => { if (!box.contains(event.target)) this.toggle(false); });
  }

  toggle(isOpen) {
    if (isOpen === !this.panel.hidden) return;
    this.panel.hidden = !isOpen;
    this.opener.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    this.box.querySelector("[data-picker-worst]").dispatchEvent(new Event("worst-wanted")); // htmx brings the list, once
    this.search();
    this.field.focus();
  }

  // What is listed answers other words than those in the field: nobody can choose from it before the new answer replaces it.
  outdate() {
    this.asked?.abort();
    this.asked = null;
    for (const button of this.found.querySelectorAll("button")) button.disabled = true;
    this.soon();
  }

  async search() {
    this.asked?.abort();
    const mine = new AbortController();
    this.asked = mine;
    const url = new URL(this.url, location.href);
    url.searchParams.set("q", this.field.value.trim());
    try {
      const answer = await getJson(url, mine.signal);
      if (this.asked === mine) this.show(answer);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  show({ ok, status, body }) {
    const contacts = ok ? body : [];
    const model = this.box.querySelector("template");
    this.found.replaceChildren(...contacts.map((contact) => {
      const row = model.content.cloneNode(true).firstElementChild;
      Object.assign(row.querySelector("button").dataset, { contactId: contact.id, contactLabel: contact.label });
      row.querySelector("[data-label]").textContent = contact.label;
      row.querySelector("[data-about]").textContent = [contact.account, contact.note].filter(Boolean).join(" · ");
      return row;
    }));
    const said = ok ? (contacts.length ? "" : "No contact matches. Try a name, an address or an account.") : inWords({ status, body });
    this.box.querySelector("[data-picker-said]").textContent = said;
  }

  choose(button) {
    if (!button) return;
    this.toggle(false);
    this.opener.querySelector("[data-chosen]").textContent = button.dataset.contactLabel;
    this.opener.focus();
    this.onChoose({ id: button.dataset.contactId, label: button.dataset.contactLabel });
  }

  key(event) {
    if (event.key === "Escape" && !this.panel.hidden) {
      event.stopPropagation();
      this.toggle(false);
      this.opener.focus();
    }
    if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const items = [this.field, ...this.panel.querySelectorAll("[data-contact-id]")];
    const at = items.indexOf(document.activeElement);
    if (this.panel.hidden || at < 0) return;
    event.preventDefault();
    items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length].focus();
  }
}

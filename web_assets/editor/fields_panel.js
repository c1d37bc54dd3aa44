// The merge fields with their values for the chosen contact. htmx brings the list (_fields.html); here it is searched and used.
export class FieldsPanel {
  constructor({ box, onInsert }) {
    this.box = box;
    this.list = box.querySelector("#fields-list");
    this.field = box.querySelector("input[type=search]");
    this.used = new Set();
    this.field.addEventListener("input", () => this.filter());
    this.list.addEventListener("htmx:after:swap", () => this.filter());
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-insert]");
      if (button) onInsert(button.dataset.insert);
    });
  }

  // Asks for the values anew: the contact is in the form beside the list.
  reload() { this.list.dispatchEvent(new Event("fields-wanted", { bubbles: true })); }

  setUsed(paths) {
    this.used = new Set(paths);
    this.filter();
  }

  filter() {
    const wanted = this.field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of this.list.querySelectorAll("[data-words]")) {
      row.hidden = !row.dataset.words.toLowerCase().includes(wanted);
      row.querySelector("[data-used]").hidden = !this.used.has(row.dataset.path);
      if (!row.hidden) shown += 1;
    }
    for (const group of this.list.querySelectorAll("[data-group]")) group.hidden = !group.querySelector("[data-words]:not([hidden])");
    this.box.querySelector("[data-no-field]").hidden = shown > 0 || !this.list.querySelector("[data-words]");
  }
}

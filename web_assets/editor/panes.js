// Edit | Preview | Fields: one after the other on a small screen; on a large one Edit stays and the other two share the rest.
const LARGE = matchMedia("(min-width: 1024px)");

export class Panes {
  constructor(studio) {
    this.studio = studio;
    this.buttons = [...studio.querySelectorAll("[data-show-pane]")];
    for (const button of this.buttons) button.addEventListener("click", () => this.show(button.dataset.showPane));
    LARGE.addEventListener("change", () => this.show(this.studio.dataset.pane));
    this.show("edit");
  }

  get isLarge() { return LARGE.matches; }

  show(name) {
    const isShownAnyway = this.isLarge && name === "edit";
    this.studio.dataset.pane = !isShownAnyway ? name : this.studio.dataset.pane === "fields" ? "fields" : "preview";
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.showPane === this.studio.dataset.pane));
    }
  }
}

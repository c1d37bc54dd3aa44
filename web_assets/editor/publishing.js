// The dialog that publishes: it shows what stands in the way, and lets nothing through that is not saved.
import { showFindings } from "./findings.js";

const TROUBLES = {
  problems: "Put right the problems below, then publish.",
  waiting: "Checking the last change…",
  unsaved: "The last change is not saved yet. Close this, see what the status line says, and try again.",
};

export class Publishing {
  // save() is true when everything on the screen is on the server; go(finding) leads to its place.
  constructor({ dialog, model, save, go }) {
    Object.assign(this, { dialog, model, save, go });
    this.form = dialog.querySelector("form[method=post]");
    this.button = dialog.querySelector("[data-publish]");
    this.findings = [];
    this.canPublish = false;
    this.isFresh = false;
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !this.button.disabled) this.form.requestSubmit(this.button);
    });
  }

  async open() {
    if (this.dialog.open) return;
    this.dialog.showModal();
    this.isSaved = null;
    this.update();
    this.isSaved = await this.save();
    this.update();
  }

  // What the last check found belongs to what is on the screen …
  know({ findings, canPublish }) {
    Object.assign(this, { findings, canPublish, isFresh: true });
    this.update();
  }

  // … until something changes.
  outdate() {
    this.isFresh = false;
    this.update();
  }

  // What stands in the way of publishing, or null. isSaved is null while the draft is on its way to the server.
  trouble() {
    if (this.isFresh && !this.canPublish) return "problems";
    if (this.isSaved === false) return "unsaved";
    return this.isFresh && this.isSaved ? null : "waiting";
  }

  update() {
    if (!this.dialog.open) return;
    const trouble = this.trouble();
    this.button.disabled = trouble !== null;
    this.dialog.querySelector("[data-trouble]").textContent = TROUBLES[trouble] ?? "";
    showFindings(this.dialog.querySelector("[data-findings]"), this.model, this.findings, (finding) => {
      this.dialog.close();
      this.go(finding);
    });
  }
}

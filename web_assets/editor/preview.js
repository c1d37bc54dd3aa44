// The picture of the email. Each picture is the answer to a form posted into a fresh, sandboxed frame that replaces the old
// one when it is loaded: no white flash, and no entry in the browser's history for every keystroke.
const WIDTHS = { desktop: 640, phone: 375 };
let framesMade = 0;

// The frames may run nothing and belong to nobody, so their height cannot be measured. A generous guess lets the pane scroll
// instead of the frame, and the pane keeps its place when the picture changes; a longer email scrolls inside the frame.
export function guessHeight(mjml, width) {
  const count = (pattern) => mjml.match(pattern)?.length ?? 0;
  const words = mjml.replace(/^[\s\S]*<\/mj-head>/, "").replace(/<[^>]*>/g, "").replace(/\s+/g, " ").length;
  const lines = words / (width / 8.5);
  const parts = count(/<mj-section/g) * 48 + count(/<mj-(text|button|divider|spacer)/g) * 32
    + count(/<(p|li|tr|h[1-6])\b/g) * 20 + count(/<mj-(image|hero|carousel)/g) * 240 + count(/<mj-include/g) * 200;
  return Math.min(8000, Math.round(320 + 1.3 * (lines * 26 + parts * (width < 480 ? 1.5 : 1))));
}

class Stage {
  constructor(box, width, label) {
    Object.assign(this, { box, width, label });
    this.shown = null;
    this.coming = null;
    new ResizeObserver(() => this.fit()).observe(box.parentElement);
  }

  get isVisible() { return !this.box.hidden; }

  show(form, height) {
    this.coming?.remove();
    const frame = document.createElement("iframe");
    framesMade += 1;
    frame.name = `preview-${framesMade}`;
    frame.title = this.label;
    frame.setAttribute("sandbox", "");
    frame.className = "is-coming";
    this.coming = frame;
    this.box.append(frame);
    frame.addEventListener("load", () => this.swap(frame, height), { once: true });
    form.target = frame.name;
    form.submit();
    form.remove();
  }

  swap(frame, height) {
    if (this.coming !== frame) return;
    this.shown?.remove();
    this.shown = frame;
    this.coming = null;
    frame.className = "";
    this.height = height;
    this.fit();
  }

  // Shrinks the picture to the pane; a wide pane shows it in its own size.
  fit() {
    const room = this.box.parentElement.clientWidth;
    if (!room) return;
    const share = this.box.parentElement.dataset.width === "both" ? this.width / (WIDTHS.desktop + WIDTHS.phone) : 1;
    const scale = Math.min(1, (room * share - 28) / this.width);
    const height = Math.max(this.height ?? 0, (this.box.parentElement.clientHeight - 24) / scale);
    for (const [name, value] of [["--width", `${this.width}px`], ["--height", `${height}px`], ["--scale", scale]]) {
      this.box.style.setProperty(name, value);
    }
  }
}

export class Preview {
  // token: a PageToken; read() gives {document (object), contactId}; pane: the element around both stages.
  constructor({ url, token, pane, read, source }) {
    Object.assign(this, { url, token, pane, read, source });
    this.mode = "html";
    this.theme = "light";
    this.canRender = false; // until a check said that there is something to show, and again after one that found errors
    this.stages = ["desktop", "phone"].map((name) => new Stage(
      pane.querySelector(`[data-stage="${name}"]`), WIDTHS[name], `The email on a ${name === "phone" ? "phone" : "desktop"}`,
    ));
    this.stale = new Set(this.stages);
  }

  setWidth(width) {
    this.pane.dataset.width = width;
    for (const stage of this.stages) stage.box.hidden = width !== "both" && !stage.box.matches(`[data-stage="${width}"]`);
    for (const stage of this.stages) stage.fit();
    this.renderStale();
  }

  // Everything that is visible anew; the rest when it is asked for.
  render() {
    this.stale = new Set(this.stages);
    this.renderStale();
  }

  renderStale() {
    if (!this.canRender) return;
    const wanted = this.stages.filter((stage) => stage.isVisible && this.stale.has(stage));
    for (const stage of wanted) {
      this.stale.delete(stage);
      stage.show(this.form(), guessHeight(this.source(), stage.width));
    }
  }

  form() {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: this.url, hidden: true });
    const { document: source, contactId } = this.read();
    const values = { csrf_token: this.token.value, document: JSON.stringify(source), contact_id: contactId, mode: this.mode, theme: this.theme };
    for (const [name, value] of Object.entries(values)) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
    document.body.append(form);
    return form;
  }
}

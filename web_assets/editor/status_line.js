// What the line under the source says: problems, size, and whether the draft is kept. Also the notes over the preview.
const SHOWN = ["saved", "saving", "failed"];

export class StatusLine {
  constructor(studio) {
    this.find = (selector) => studio.querySelector(selector);
    this.page = document;
  }

  // state: "unsaved", "saving", "saved", "failed" or "conflict"; detail: text, or the answer of the conflict.
  tell(state, detail = "") {
    const box = this.page.querySelector("[data-saved]");
    box.dataset.state = SHOWN.includes(state) ? state : state === "conflict" ? "failed" : "unsaved";
    const words = { unsaved: "Not saved yet", saving: "Saving…", saved: detail || "Saved", failed: `Not saved: ${detail}`, conflict: "Not saved" };
    box.querySelector("[data-saved-text]").textContent = words[state];
    if (state === "conflict") this.conflict(detail);
  }

  conflict({ detail = "Somebody saved another draft.", cure = "", compare_href: href }) {
    const note = this.page.querySelector("[data-conflict]");
    note.querySelector("[data-detail]").textContent = detail;
    note.querySelector("[data-cure]").textContent = cure || "What you see here is kept on this page until you close it.";
    const link = note.querySelector("a");
    link.hidden = !href;
    if (href) link.href = href;
    note.hidden = false;
  }

  checked({ summary, tone, sizes, subject, missing, can_preview: canPreview }) {
    this.summary(summary, tone);
    this.find("[data-size]").textContent = sizes ? `${Math.round(sizes.html_kb)} of 100 KB` : "";
    const meter = this.find("[data-size-meter]");
    meter.hidden = !sizes;
    if (sizes) meter.value = Math.min(1, sizes.clip_share);
    this.find("[data-stages]").classList.toggle("is-old", !canPreview);
    this.find("[data-old]").hidden = canPreview;
    const line = this.find("[data-subject]");
    if (line && subject) line.textContent = subject;
    const note = this.find("[data-missing]");
    note.hidden = !missing?.length;
    note.querySelector("[data-missing-names]").textContent = (missing ?? []).map(({ label }) => label).join(", ");
  }

  trouble(text) {
    this.summary(`Not checked: ${text}`, "warning");
  }

  // Read out only when it says something new.
  summary(text, tone) {
    if (this.find("[data-summary]").textContent !== text) this.find("[data-summary-said]").textContent = text;
    this.find("[data-summary]").textContent = text;
    this.find("[data-summary-box]").className = `rp-studio-sum rp-tone-${tone}`;
  }
}

// Keeps the draft on the server: by itself after a pause, and at Ctrl+S. One request at a time; a later change waits for its
// turn. A conflict stops it: what is on the screen stays, and the author decides.
import { afterQuiet, inWords, postJson } from "./asking.js";

const PAUSE_MS = 1500;
const RETRY_MS = 10_000;

const seenIn = ({ revision, based_on }) => (revision === undefined ? null : { revision, based_on });

export class Draft {
  // token: a PageToken. seen {revision, based_on}: the draft that is on the screen, and the id of the version that it is built on
  // ("" for none); revisions begin again after publishing, so only both together tell a draft. read() gives the document;
  // tell(state, detail) shows "saving", "saved", "unsaved", "failed" or "conflict".
  constructor({ url, token, seen, read, tell }) {
    Object.assign(this, { url, token, seen, read, tell });
    this.theirs = null;
    this.changes = 0;
    this.savedChanges = 0;
    this.running = null;
    this.isStopped = false;
    this.later = afterQuiet(PAUSE_MS, () => this.save());
    this.retry = afterQuiet(RETRY_MS, () => this.save());
  }

  get isDirty() { return this.changes !== this.savedChanges; }

  changed() {
    this.changes += 1;
    if (this.isStopped) return;
    this.tell("unsaved");
    this.later();
  }

  // True when everything on the screen is on the server.
  async save() {
    this.later.cancel();
    this.retry.cancel();
    if (this.running) {
      await this.running;
      return this.save();
    }
    if (!this.isDirty) return true;
    if (this.isStopped) return false;
    this.running = this.send(this.changes).finally(() => { this.running = null; });
    const isKept = await this.running;
    return isKept && !this.isDirty;
  }

  // The author has decided: what is on the screen goes over what somebody else has saved.
  saveOverTheirs() {
    this.seen = this.theirs ?? this.seen;
    this.isStopped = false;
    this.changes += 1;
    return this.save();
  }

  async send(changes) {
    this.tell("saving");
    const answer = await postJson(this.url, this.token, { ...this.seen, ...this.read() });
    if (answer.ok) {
      this.seen = seenIn(answer.body) ?? this.seen;
      this.savedChanges = changes;
      this.tell(this.isDirty ? "unsaved" : "saved", answer.body.saved?.text);
      return true;
    }
    if (answer.status === 409) {
      this.isStopped = true;
      this.theirs = seenIn(answer.body);
      this.tell("conflict", answer.body);
      return false;
    }
    this.tell("failed", inWords(answer));
    // What the server refuses (4xx) it refuses again; anything else may pass.
    if (answer.status === 0 || answer.status === 429 || answer.status >= 500) this.retry();
    return false;
  }
}

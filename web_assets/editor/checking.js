// Asks the server what is wrong with what is on the screen; the newest question wins.
import { afterQuiet, inWords, postJson } from "./asking.js";

const PAUSE_MS = 350;

export class Checking {
  // token: a PageToken; read() gives the document with contact_id; onAnswer(answer body), onTrouble(text).
  constructor({ url, token, read, onStart, onAnswer, onTrouble }) {
    Object.assign(this, { url, token, read, onStart, onAnswer, onTrouble });
    this.pending = null;
    this.soon = afterQuiet(PAUSE_MS, () => this.now());
  }

  async now() {
    this.soon.cancel();
    this.pending?.abort();
    const mine = new AbortController();
    this.pending = mine;
    this.onStart();
    try {
      const answer = await postJson(this.url, this.token, this.read(), mine.signal);
      if (this.pending !== mine) return;
      if (answer.ok) this.onAnswer(answer.body);
      else this.onTrouble(inWords(answer));
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }
}

// The token that shows the server that a change comes from this page. It belongs to one sign-in: whoever signs out and in again
// in another tab keeps what is on the screen here, and this page takes the new token over.
import { getJson } from "./asking.js";

export class PageToken {
  constructor({ url, value }) {
    Object.assign(this, { url, value });
    this.running = null;
  }

  // Asks for the token of the present sign-in, unless that has happened since `refused` was sent. The save and the check that
  // are refused together ask once. null when `value` is the present token, else the answer that says why there is none.
  renew(refused) {
    if (this.value !== refused) return null;
    this.running ??= this.ask().finally(() => { this.running = null; });
    return this.running;
  }

  async ask() {
    const answer = await getJson(this.url);
    if (!answer.ok) return answer;
    if (typeof answer.body.token === "string") this.use(answer.body.token);
    return null;
  }

  // Everything on the page that posts: what asks here, the forms, and what htmx sends (the body hands it down, see base.html).
  use(value) {
    this.value = value;
    for (const field of document.querySelectorAll("input[type=hidden][name=csrf_token]")) field.value = value;
    document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRF-Token": value }));
  }
}

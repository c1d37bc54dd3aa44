// Runs in the page's own world: looks on while Gmail talks to its server, and changes nothing. The page gets the same
// answers and the same errors; what goes wrong here stays here.
import { askedToSend, sentIn } from './traffic';
import { END, HINT, isFree, WATCHER_COMES } from './channel';
import { LEAVING, SYNC_PATH } from './selectors';

const LARGEST = 5_000_000;
const MOST_A_MINUTE = 10;
// So long an answer may come after what was asked.
const PATIENCE_MS = 120_000;

type Apply = (target: (...args: unknown[]) => unknown, self: unknown, args: unknown[]) => unknown;

// Ends it; null when somebody watches already.
export function observe(page: Window & typeof globalThis): (() => void) | null {
  const { document, XMLHttpRequest, Response, Request, URL, Proxy, Reflect } = page;
  if (!isFree(document, WATCHER_COMES)) return null;
  let isOver = false;
  const asked = new Map<string, number>();
  const told: number[] = [];

  function quietly(deed: () => void): void {
    try {
      if (!isOver) deed();
    } catch {
      // The page must not notice.
    }
  }

  function isSync(address: unknown): boolean {
    if (typeof address !== 'string' && !(address instanceof URL)) return false;
    const url = new URL(address, document.baseURI);
    return url.origin === page.location.origin && SYNC_PATH.test(url.pathname);
  }

  function goes(body: unknown): void {
    if (typeof body !== 'string' || body.length > LARGEST || !body.includes(LEAVING)) return;
    const now = Date.now();
    for (const draftId of askedToSend(JSON.parse(body))) asked.set(draftId, now);
  }

  function comes(text: unknown): void {
    if (typeof text !== 'string' || text.length > LARGEST || !text.includes(LEAVING)) return;
    const now = Date.now();
    for (const [draftId, since] of asked) if (now - since > PATIENCE_MS) asked.delete(draftId);
    if (!asked.size) return;
    for (const mail of sentIn(JSON.parse(text.replace(/^\)\]\}'\s*/, '')), new Set(asked.keys()))) {
      asked.delete(mail.draftId);
      while (told.length && now - (told[0] as number) > 60_000) told.shift();
      if (told.length >= MOST_A_MINUTE) return;
      told.push(now);
      document.dispatchEvent(new CustomEvent(HINT, { detail: JSON.stringify(mail) }));
    }
  }

  // A Proxy has the name, the length and the properties of what it stands for, and shows native code as its source.
  function around(owner: object, name: string, apply: Apply): () => void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    if (!before || typeof before.value !== 'function') return () => undefined;
    const after = new Proxy(before.value as (...args: unknown[]) => unknown, { apply });
    Object.defineProperty(owner, name, { ...before, value: after });
    return () => {
      if (Object.getOwnPropertyDescriptor(owner, name)?.value === after) Object.defineProperty(owner, name, before);
    };
  }

  const calls = new WeakSet<object>();
  const ends = [
    around(page, 'fetch', (target, self, args) => {
      let copy: Request | null = null;
      let isOurs = false;
      quietly(() => {
        const [input] = args;
        isOurs = isSync(input instanceof Request ? input.url : input);
        // Before the call uses its body up.
        if (isOurs && input instanceof Request && input.body && !input.bodyUsed) copy = input.clone();
      });
      const answer = Reflect.apply(target, self, args);
      if (!isOurs) return answer;
      const nothing = () => undefined;
      quietly(() => goes((args[1] as RequestInit | undefined)?.body));
      (copy as Request | null)?.text().then((text) => quietly(() => goes(text)), nothing);
      (answer as Promise<Response>).then(
        (response) =>
          quietly(() => {
            if (response instanceof Response && response.ok) response.clone().text().then((text) => quietly(() => comes(text)), nothing);
          }),
        nothing,
      );
      return answer;
    }),
    around(XMLHttpRequest.prototype, 'open', (target, self, args) => {
      const answer = Reflect.apply(target, self, args);
      quietly(() => {
        if (isSync(args[1])) calls.add(self as object);
        else calls.delete(self as object);
      });
      return answer;
    }),
    around(XMLHttpRequest.prototype, 'send', (target, self, args) => {
      quietly(() => {
        if (!calls.has(self as object)) return;
        const call = self as XMLHttpRequest;
        goes(args[0]);
        call.addEventListener('loadend', () => quietly(() => comes(textOf(call))), { once: true });
      });
      return Reflect.apply(target, self, args);
    }),
  ];

  const refuse = (event: Event) => event.preventDefault();
  const end = () => {
    isOver = true;
    for (const one of ends) one();
    document.removeEventListener(WATCHER_COMES, refuse);
    document.removeEventListener(END, end);
  };
  document.addEventListener(WATCHER_COMES, refuse);
  document.addEventListener(END, end);
  return end;
}

function textOf(call: XMLHttpRequest): unknown {
  if (call.status !== 200) return null;
  if (call.responseType === '' || call.responseType === 'text') return call.responseText;
  if (call.responseType === 'json') return JSON.stringify(call.response);
  return call.responseType === 'arraybuffer' ? new TextDecoder().decode(call.response as ArrayBuffer) : null;
}

// The one table of what parts of the extension ask of each other. Tokens never travel here.
import { browser } from 'wxt/browser';

import { Failed, failureOf, interrupted, type Failure } from './failures';
import type { components } from './api/schema';
import type { Call } from './operations';
import type { InsertAsked, Inserted, Left, Miss, Noticed, PageSeen, Undone } from './gmail/shapes';

export type Me = components['schemas']['Me'];

// What the worker knows without asking anybody.
export interface Standing {
  readonly server: string | null;
  readonly isSignedIn: boolean;
  // Who it was when the panel was open last in this session: shown until the server has said so again.
  readonly me: Me | null;
  // Why somebody who was signed in is so no more.
  readonly ended: string | null;
}

export interface GmailSeen {
  readonly page: PageSeen | null;
  readonly mismatch: Failure | null;
}

// To the worker, from the panel.
export interface WorkerTable {
  standing: { ask: Record<string, never>; answer: Standing };
  pair: { ask: { address: string }; answer: Standing };
  unpair: { ask: Record<string, never>; answer: Standing };
  signIn: { ask: Record<string, never>; answer: Standing };
  signOut: { ask: Record<string, never>; answer: { wasTold: boolean } };
  me: { ask: Record<string, never>; answer: Me };
  work: { ask: Call; answer: unknown };
  gmail: { ask: Record<string, never>; answer: GmailSeen };
  insert: { ask: InsertAsked; answer: Inserted };
  undo: { ask: { insertId: string }; answer: Undone };
  // Mails that left this person's Gmail, until they were seen; again when more is known of one.
  left: { ask: Record<string, never>; answer: readonly Left[] };
  leftSeen: { ask: { ids: readonly string[] }; answer: Record<string, never> };
}

// To the worker, from a Gmail page: all that a page may say. It gets no answer but that it was heard.
export interface NoticeTable {
  noticed: { ask: { account: string; noticed: Noticed }; answer: Record<string, never> };
}

// To a Gmail page, from the worker.
export interface PageTable {
  look: { ask: Record<string, never>; answer: PageSeen };
  insert: { ask: InsertAsked & { account: string }; answer: Inserted };
  undo: { ask: { insertId: string }; answer: Undone };
  // Each is handed over once.
  misses: { ask: Record<string, never>; answer: readonly Miss[] };
}

// From a Gmail page to whoever listens: something that `look` tells has changed.
export const PAGE_CHANGED = 'page_changed';
// From the worker: `left` has something new.
export const MAIL_LEFT = 'mail_left';

export type Answer<T> = { ok: true; value: T } | { ok: false; failure: Failure };
type Handlers<Table> = {
  [Name in keyof Table]: (ask: Asked<Table, Name>) => Promise<Answered<Table, Name>>;
};
type Asked<Table, Name extends keyof Table> = Table[Name] extends { ask: infer Ask } ? Ask : never;
type Answered<Table, Name extends keyof Table> = Table[Name] extends { answer: infer Value } ? Value : never;
type Sender = (message: unknown) => Promise<unknown>;

interface Message {
  readonly to: 'worker' | 'page' | 'notices';
  readonly name: string;
  readonly ask: unknown;
}

// Longer than the worker's own limit on a call, so that the worker's words win.
const PATIENCE_MS = 30_000;
// A person reads, chooses an account, types a password.
const SIGN_IN_PATIENCE_MS = 10 * 60_000;

function within<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(interrupted()), limitMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function send<T>(message: Message, sender: Sender, limitMs: number): Promise<T> {
  let answer: Answer<T> | undefined;
  try {
    answer = (await within(sender(message), limitMs)) as Answer<T> | undefined;
  } catch (error) {
    // "The message channel closed", "Receiving end does not exist": whoever should answer has ended.
    throw error instanceof Failed ? error : interrupted();
  }
  if (!answer) throw interrupted();
  if (!answer.ok) throw new Failed(answer.failure);
  return answer.value;
}

export function askWorker<Name extends keyof WorkerTable>(
  name: Name,
  ask: Asked<WorkerTable, Name>,
): Promise<Answered<WorkerTable, Name>> {
  const limitMs = name === 'signIn' ? SIGN_IN_PATIENCE_MS : PATIENCE_MS;
  return send({ to: 'worker', name, ask }, (message) => browser.runtime.sendMessage(message), limitMs);
}

export function askPage<Name extends keyof PageTable>(
  tabId: number,
  name: Name,
  ask: Asked<PageTable, Name>,
): Promise<Answered<PageTable, Name>> {
  // A page that hangs must not keep the worker: less than the panel's patience.
  return send({ to: 'page', name, ask }, (message) => browser.tabs.sendMessage(tabId, message, { frameId: 0 }), 10_000);
}

export async function tellWorker(ask: Asked<NoticeTable, 'noticed'>): Promise<void> {
  await send({ to: 'notices', name: 'noticed', ask }, (message) => browser.runtime.sendMessage(message), PATIENCE_MS);
}

// Answers messages to `to`; `mayAsk` says whose.
export function answerTo<Table extends object>(
  to: Message['to'],
  handlers: Handlers<Table>,
  mayAsk: (sender: { id?: string | undefined; url?: string | undefined; tab?: unknown }) => boolean,
): () => void {
  const listener = (
    message: unknown,
    sender: { id?: string | undefined; url?: string | undefined; tab?: unknown },
    reply: (answer: unknown) => void,
  ): true | undefined => {
    const found = message as Partial<Message> | null;
    if (found?.to !== to || typeof found.name !== 'string' || !Object.hasOwn(handlers, found.name)) return undefined;
    if (sender.id !== browser.runtime.id || !mayAsk(sender)) return undefined;
    const handler = handlers[found.name as keyof Table] as (ask: unknown) => Promise<unknown>;
    // In a microtask: what a handler throws at once is a failure like any other.
    void Promise.resolve()
      .then(() => handler(found.ask))
      .then(
        (value) => reply({ ok: true, value }),
        (error: unknown) => reply({ ok: false, failure: failureOf(error) }),
      );
    return true;
  };
  browser.runtime.onMessage.addListener(listener);
  return () => browser.runtime.onMessage.removeListener(listener);
}

// Mails that left: kept until the panel has seen them, for Chrome may stop the worker in between. All of it is a hint of
// a page: nothing is logged by it, the server looks into the mailbox itself.
import { browser } from 'wxt/browser';

import { addressOrNull, draftIdIn, hexIdIn, recipientsIn } from '../gmail/ids';
import type { Left, LeftState, Noticed } from '../gmail/shapes';
import { MAIL_LEFT, type Me } from '../messages';
import { readDevice } from './store';

const LEFT = 'left';
const MOST = 30;
const KEPT_MS = 24 * 3600_000;
// What the page does and what its traffic says of one mail are no further apart.
const ONE_MAIL_MS = 60_000;
const STATES: readonly LeftState[] = ['left', 'scheduled', 'taken_back'];

interface Kept extends Left {
  readonly draftId: string | null;
  readonly isSeen: boolean;
}

function alone<T>(deed: () => Promise<T>): Promise<T> {
  return navigator.locks.request('left', deed) as Promise<T>;
}

async function read(): Promise<Kept[]> {
  return ((await browser.storage.session.get(LEFT))[LEFT] as Kept[] | undefined) ?? [];
}

async function write(all: readonly Kept[]): Promise<void> {
  const young = all.filter(({ leftAtMs }) => Date.now() - leftAtMs < KEPT_MS);
  await browser.storage.session.set({ [LEFT]: young.slice(-MOST) });
}

// What is left of what a page said when all that has not the right shape is taken away; null: nothing.
export function checked(ask: unknown, now: number): { account: string; noticed: Noticed } | null {
  const { account, noticed } = (ask ?? {}) as { account?: unknown; noticed?: Record<string, unknown> };
  const address = addressOrNull(account);
  const state = STATES.find((one) => one === noticed?.['state']);
  if (!address || !noticed || !state) return null;
  const said = Number(noticed['leftAtMs']);
  const composeId = noticed['composeId'];
  return {
    account: address,
    noticed: {
      composeId: typeof composeId === 'string' && /^[0-9a-f-]{36}$/.test(composeId) ? composeId : null,
      draftId: draftIdIn(noticed['draftId']),
      gmailMessageId: hexIdIn(noticed['gmailMessageId']),
      gmailThreadId: hexIdIn(noticed['gmailThreadId']),
      recipients: recipientsIn(noticed['recipients']),
      leftAtMs: said > now - KEPT_MS && said <= now ? said : now,
      state,
    },
  };
}

// The mail that this is about, of those that are kept; -1: none.
function placeOf(all: readonly Kept[], account: string, noticed: Noticed): number {
  const isIt = (one: Kept): boolean => {
    if (one.account !== account) return false;
    if (noticed.gmailMessageId && one.gmailMessageId) return noticed.gmailMessageId === one.gmailMessageId;
    if (noticed.draftId && one.draftId) return noticed.draftId === one.draftId;
    if (noticed.composeId && one.composeId) return noticed.composeId === one.composeId;
    const isNear = Math.abs(noticed.leftAtMs - one.leftAtMs) < ONE_MAIL_MS;
    return isNear && one.recipients !== null && sameSet(one.recipients, noticed.recipients);
  };
  return all.findLastIndex(isIt);
}

function sameSet(one: Noticed['recipients'], other: Noticed['recipients']): boolean {
  const set = (found: Noticed['recipients']) => found && JSON.stringify([found.to, found.cc, found.bcc].map((list) => [...list].sort()));
  return set(one) === set(other);
}

// The same list with this in it; null when it says nothing new.
export function merged(all: readonly Kept[], account: string, noticed: Noticed): Kept[] | null {
  const place = placeOf(all, account, noticed);
  const known = all[place];
  const isHint = noticed.composeId === null;
  // A mail that was taken back and sent again is another; what traffic says late of the first is not.
  const isAnew = known?.state === 'taken_back' && noticed.state !== 'taken_back' && !isHint;
  if (!known || isAnew) {
    if (noticed.state === 'taken_back') return null;
    return [...all, { id: crypto.randomUUID(), account, isSeen: false, ...noticed }];
  }
  const next: Kept = {
    ...known,
    // Traffic tells of a mail that leaves later as of any other.
    state: isHint && known.state !== 'left' ? known.state : noticed.state,
    composeId: known.composeId ?? noticed.composeId,
    draftId: known.draftId ?? noticed.draftId,
    gmailMessageId: known.gmailMessageId ?? noticed.gmailMessageId,
    gmailThreadId: known.gmailThreadId ?? noticed.gmailThreadId,
    recipients: known.recipients ?? noticed.recipients,
    isSeen: false,
  };
  if (JSON.stringify({ ...next, isSeen: known.isSeen }) === JSON.stringify(known)) return null;
  return all.map((one, at) => (at === place ? next : one));
}

// Of somebody who is signed out, nothing is kept.
export async function keep(ask: unknown, me: Me | null): Promise<void> {
  const said = checked(ask, Date.now());
  const device = await readDevice();
  if (!said || !device?.refreshToken || device.isEnding) return;
  if (me && me.email.toLowerCase() !== said.account) return;
  const isNew = await alone(async () => {
    const next = merged(await read(), said.account, said.noticed);
    if (next) await write(next);
    return next !== null;
  });
  // Nobody listens while the panel is shut.
  if (isNew) browser.runtime.sendMessage({ to: 'panel', name: MAIL_LEFT }).catch(() => undefined);
}

// Of the mailbox of this person alone: what left another one is forgotten.
export function left(me: Me): Promise<readonly Left[]> {
  return alone(async () => {
    const mine = (await read()).filter(({ account }) => account === me.email.toLowerCase());
    await write(mine);
    return mine.filter(({ isSeen }) => !isSeen).map(({ draftId: _, isSeen: __, ...one }) => one);
  });
}

export function leftSeen(ids: readonly string[]): Promise<Record<string, never>> {
  return alone(async () => {
    await write((await read()).map((one) => (ids.includes(one.id) ? { ...one, isSeen: true } : one)));
    return {};
  });
}

export function forgetLeft(): Promise<void> {
  return alone(() => browser.storage.session.remove(LEFT));
}

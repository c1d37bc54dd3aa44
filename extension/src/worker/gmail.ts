// The Gmail page that the person looks at, and whether it is theirs.
import { browser } from 'wxt/browser';

import { failureOf, noGmail, unknownAccount, wrongAccount, Failed } from '../failures';
import { askPage, type GmailSeen, type Me } from '../messages';
import type { InsertAsked, Inserted, PageSeen, Undone } from '../gmail/shapes';
import { tellMisses } from './misses';

export const GMAIL = 'https://mail.google.com/*';

// Of several: the one in front, else the one that was in front last. By its host, since the panel may be a tab itself.
async function gmailTabs(): Promise<number[]> {
  const tabs = await browser.tabs.query({ url: GMAIL });
  const rank = (tab: (typeof tabs)[number]) => (tab.active ? 1e15 : 0) + (tab.lastAccessed ?? 0);
  return tabs
    .filter((tab) => tab.id !== undefined && !tab.discarded)
    .sort((one, other) => rank(other) - rank(one))
    .map((tab) => tab.id as number);
}

async function look(): Promise<{ tabId: number; page: PageSeen }> {
  const [tabId] = await gmailTabs();
  if (tabId === undefined) throw noGmail();
  try {
    return { tabId, page: await askPage(tabId, 'look', {}) };
  } catch (error) {
    // No script of this version is in that page: it was open before the extension came, or was updated.
    throw error instanceof Failed && error.failure.state !== 'interrupted' ? error : noGmail();
  }
}

export function mismatch(page: PageSeen, me: Me): Failed | null {
  if (page.account === null) return unknownAccount();
  return page.account.toLowerCase() === me.email.toLowerCase() ? null : wrongAccount(page.account, me.email);
}

// `me`: null for somebody who is signed out, to whom no mailbox is compared.
export async function gmail(me: Me | null): Promise<GmailSeen> {
  try {
    const { tabId, page } = await look();
    // By the way: whoever is signed in does not wait for it.
    if (me) void tellMisses(() => askPage(tabId, 'misses', {})).catch(() => undefined);
    return { page, mismatch: me ? (mismatch(page, me)?.failure ?? null) : null };
  } catch (error) {
    return { page: null, mismatch: failureOf(error) };
  }
}

// Throws Failed: wrong_account, no_gmail, gmail_changed. The page compares the account once more as it writes.
export async function insert(me: Me, ask: InsertAsked): Promise<Inserted> {
  const { tabId, page } = await look();
  const problem = mismatch(page, me);
  if (problem) throw problem;
  return askPage(tabId, 'insert', { ...ask, account: me.email });
}

export async function undo(insertId: string): Promise<Undone> {
  const { tabId } = await look();
  return askPage(tabId, 'undo', { insertId });
}

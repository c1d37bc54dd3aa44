// Tells the person's own server which parts of Gmail's page were not found: names and counts, never what stood there.
import { browser } from 'wxt/browser';

import { failureOf } from '../failures';
import { TABLE_DATE } from '../gmail/selectors';
import type { Miss } from '../gmail/shapes';
import { api } from './api';

const MISSES = 'misses';
const EVERY_MS = 3600_000;
// What the server takes.
const MOST_PARTS = 40;
const LARGEST = 1_000_000;

interface Kept {
  readonly counts: Readonly<Record<string, number>>;
  // Of the last try.
  readonly triedAtMs: number;
}

// `take`: asks the page. Failures are silent; what was not told is kept for the next hour.
export async function tellMisses(take: () => Promise<readonly Miss[]>, now = Date.now()): Promise<void> {
  await navigator.locks.request('misses', async () => {
    const kept = (await browser.storage.local.get(MISSES))[MISSES] as Kept | undefined;
    if (kept && now - kept.triedAtMs < EVERY_MS && now >= kept.triedAtMs) return;
    const counts: Record<string, number> = { ...kept?.counts };
    for (const { part, count } of await take()) counts[part] = Math.min((counts[part] ?? 0) + count, LARGEST);
    const misses = Object.entries(counts)
      .slice(0, MOST_PARTS)
      .map(([part, count]) => ({ part, count }));
    if (!misses.length) return;
    // Before the call: a server that is down is asked once an hour, too.
    await browser.storage.local.set({ [MISSES]: { counts, triedAtMs: now } satisfies Kept });
    const body = { extension_version: browser.runtime.getManifest().version, table_date: TABLE_DATE, misses };
    try {
      await api('/api/v1/panel/misses', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    } catch (error) {
      // A refusal, or an answer without a body, will not change: these are not told twice.
      if (failureOf(error).state !== 'refused') return;
    }
    await browser.storage.local.set({ [MISSES]: { counts: {}, triedAtMs: now } satisfies Kept });
  });
}

export async function forgetMisses(): Promise<void> {
  await browser.storage.local.remove(MISSES);
}

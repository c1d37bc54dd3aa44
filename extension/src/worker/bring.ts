// After an install or an update, puts the scripts of this version into Gmail pages that are open already.
import { browser } from 'wxt/browser';

import { GMAIL } from './gmail';

interface Here {
  readonly isPrerendering: boolean;
  readonly origin: string;
}

interface Answer {
  readonly frameId: number;
  readonly documentId?: string | undefined;
  readonly result?: unknown;
}

// Runs in the page.
function here(): Here {
  return { isPrerendering: (document as { prerendering?: boolean }).prerendering === true, origin: location.origin };
}

// The one document that may get scripts: the page that the tab shows, and none that Chrome only gets ready.
export function documentIn(answers: readonly Answer[]): string | null {
  const [top] = answers.filter(({ frameId }) => frameId === 0);
  const said = top?.result as Here | null | undefined;
  if (!top?.documentId || said?.isPrerendering !== false || said.origin !== new URL(GMAIL).origin) return null;
  return top.documentId;
}

export async function bringScripts(): Promise<void> {
  const tabs = await browser.tabs.query({ url: GMAIL });
  await Promise.allSettled(tabs.map(({ id, discarded }) => (id === undefined || discarded ? undefined : bring(id))));
}

// By the document's id: should the tab go elsewhere meanwhile, no script follows it.
async function bring(tabId: number): Promise<void> {
  const documentId = documentIn(await browser.scripting.executeScript({ target: { tabId }, func: here }));
  if (!documentId) return;
  // The script of the extension's own world first: at its sight, one of an older version ends, and its watcher with it.
  const scripts = [...(browser.runtime.getManifest().content_scripts ?? [])] as { js?: string[]; world?: 'MAIN' | 'ISOLATED' }[];
  for (const { js, world } of scripts.sort((one) => (one.world === 'MAIN' ? 1 : -1))) {
    await browser.scripting.executeScript({
      target: { tabId, documentIds: [documentId] },
      files: (js ?? []) as never,
      world: world ?? 'ISOLATED',
    });
  }
}

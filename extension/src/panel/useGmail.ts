// What the Gmail page in front shows, kept fresh while the panel is open.
import { useEffect, useState } from 'preact/hooks';
import { browser } from 'wxt/browser';

import { failureOf } from '../failures';
import { askWorker, PAGE_CHANGED, type GmailSeen } from '../messages';

export function useGmail(isWanted: boolean): GmailSeen | null {
  const [seen, setSeen] = useState<GmailSeen | null>(null);
  useEffect(() => {
    if (!isWanted) return undefined;
    let isOver = false;
    let isAsking = false;
    let isStale = false;
    async function look() {
      isStale = true;
      if (isAsking) return;
      isAsking = true;
      while (isStale && !isOver) {
        isStale = false;
        const found = await askWorker('gmail', {}).catch((error: unknown) => ({ page: null, mismatch: failureOf(error) }));
        if (!isOver) setSeen(found);
      }
      isAsking = false;
    }
    const onMessage = (message: unknown): undefined => {
      if ((message as { name?: unknown } | null)?.name === PAGE_CHANGED) void look();
    };
    const onTab = () => void look();
    browser.runtime.onMessage.addListener(onMessage);
    browser.tabs.onActivated.addListener(onTab);
    browser.tabs.onUpdated.addListener(onTab);
    browser.tabs.onRemoved.addListener(onTab);
    void look();
    return () => {
      isOver = true;
      browser.runtime.onMessage.removeListener(onMessage);
      browser.tabs.onActivated.removeListener(onTab);
      browser.tabs.onUpdated.removeListener(onTab);
      browser.tabs.onRemoved.removeListener(onTab);
    };
  }, [isWanted]);
  return seen;
}

// The script in Gmail's page. It holds no token and calls nobody but the extension's own parts.
import { browser } from 'wxt/browser';
import { defineContentScript } from 'wxt/utils/define-content-script';

import { failed, unknownAccount, wrongAccount } from '../failures';
import { accountOf } from '../gmail/account';
import { composeById, composes, seen } from '../gmail/compose';
import { partsSeen, TABLE_DATE } from '../gmail/find';
import { insert } from '../gmail/insert';
import type { PageSeen } from '../gmail/shapes';
import { forgetAll, onKeyDown, undo } from '../gmail/undo';
import { watch } from '../gmail/watch';
import { answerTo, PAGE_CHANGED, type PageTable } from '../messages';

// Chrome tells a script of an older version nothing; its link to the extension is simply gone.
const LOOKS_EVERY_MS = 2_000;

function look(): PageSeen {
  return {
    account: accountOf(document),
    composes: composes(document).map(seen),
    parts: partsSeen(document),
    tableDate: TABLE_DATE,
  };
}

export default defineContentScript({
  matches: ['https://mail.google.com/*'],
  runAt: 'document_idle',
  main() {
    const isOrphaned = () => !browser.runtime?.id;

    const stopAnswering = answerTo<PageTable>(
      'page',
      {
        look: async () => look(),
        insert: async ({ account, ...ask }) => {
          const here = accountOf(document);
          if (here === null) throw unknownAccount();
          if (here !== account.toLowerCase()) throw wrongAccount(here, account);
          const compose = composeById(document, ask.composeId);
          if (!compose) {
            throw failed('gmail_changed', 'The mail that you were writing is not open any more.', 'Open it again, then insert.');
          }
          return insert(compose, ask);
        },
        undo: async ({ insertId }) => ({ isUndone: undo(insertId) }),
      },
      // The worker has no tab; another Gmail page has.
      (sender) => sender.tab === undefined,
    );
    const summary = () => {
      const { account, composes: found } = look();
      return JSON.stringify([account, found]);
    };
    const stopWatching = watch(document, summary, () => {
      if (isOrphaned()) end();
      // Nobody listens while the panel is shut.
      else browser.runtime.sendMessage({ to: 'panel', name: PAGE_CHANGED }).catch(() => undefined);
    });
    const onKey = (event: KeyboardEvent) => (isOrphaned() ? end() : onKeyDown(event));
    document.addEventListener('keydown', onKey, true);
    const timer = setInterval(() => isOrphaned() && end(), LOOKS_EVERY_MS);

    // Nothing of this version stays in the page.
    function end(): void {
      clearInterval(timer);
      stopWatching();
      document.removeEventListener('keydown', onKey, true);
      forgetAll();
      try {
        stopAnswering();
      } catch {
        // The link is gone, and with it the listener.
      }
    }
  },
});

// The script in Gmail's page. It holds no token and calls nobody but the extension's own parts.
import { browser } from 'wxt/browser';
import { defineContentScript } from 'wxt/utils/define-content-script';

import { failed, unknownAccount, wrongAccount } from '../failures';
import { accountOf } from '../gmail/account';
import { END, isFree, READER_COMES } from '../gmail/channel';
import { composeById, composes, seen } from '../gmail/compose';
import { partsSeen, TABLE_DATE, takeMisses } from '../gmail/find';
import { insert } from '../gmail/insert';
import { watchSends } from '../gmail/sends';
import type { Noticed, PageSeen } from '../gmail/shapes';
import { threadOf } from '../gmail/thread';
import { forgetAll, onKeyDown, undo } from '../gmail/undo';
import { watch } from '../gmail/watch';
import { answerTo, PAGE_CHANGED, tellWorker, type PageTable } from '../messages';

// Chrome tells a script of an older version nothing; its link to the extension is simply gone.
const LOOKS_EVERY_MS = 2_000;

const isOrphaned = () => !browser.runtime?.id;

function look(): PageSeen {
  return {
    account: accountOf(document),
    thread: threadOf(document),
    composes: composes(document).map(seen),
    parts: partsSeen(document),
    tableDate: TABLE_DATE,
  };
}

function answer(): () => void {
  return answerTo<PageTable>(
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
      misses: async () => takeMisses(),
    },
    // The worker has no tab; another Gmail page has.
    (sender) => sender.tab === undefined,
  );
}

function begin(): void {
  // A script of this version that is here already refuses another; one of an older version ends as it hears of us.
  if (!isFree(document, READER_COMES)) return;
  const stopAnswering = answer();
  const summary = () => {
    const { account, thread, composes: found } = look();
    return JSON.stringify([account, thread, found]);
  };
  // Nobody listens while the panel is shut.
  const tell = () => void browser.runtime.sendMessage({ to: 'panel', name: PAGE_CHANGED }).catch(() => undefined);
  const notice = (noticed: Noticed) => {
    const account = accountOf(document);
    if (isOrphaned()) end();
    else if (account) tellWorker({ account, noticed }).catch(() => undefined);
  };
  const stopWatching = watch(document, summary, () => (isOrphaned() ? end() : tell()));
  const stopWatchingSends = watchSends(document, notice);
  const onKey = (event: KeyboardEvent) => (isOrphaned() ? end() : onKeyDown(event));
  const onOther = (event: Event) => (isOrphaned() ? end() : event.preventDefault());
  document.addEventListener('keydown', onKey, true);
  document.addEventListener(READER_COMES, onOther);
  const timer = setInterval(() => isOrphaned() && end(), LOOKS_EVERY_MS);
  tell();

  // Nothing of this version stays in the page.
  function end(): void {
    clearInterval(timer);
    stopWatching();
    stopWatchingSends();
    document.removeEventListener('keydown', onKey, true);
    document.removeEventListener(READER_COMES, onOther);
    document.dispatchEvent(new CustomEvent(END));
    forgetAll();
    try {
      stopAnswering();
    } catch {
      // The link is gone, and with it the listener.
    }
  }
}

export default defineContentScript({
  matches: ['https://mail.google.com/*'],
  runAt: 'document_idle',
  main() {
    // Chrome gets pages ready that nobody may ever see: they are no Gmail yet.
    const isReadied = () => (document as { prerendering?: boolean }).prerendering === true;
    if (isReadied()) document.addEventListener('prerenderingchange', begin, { once: true });
    else begin();
  },
});

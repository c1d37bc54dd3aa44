// Mails that left Gmail, and what the server says became of each: it looks into the mailbox itself.
import { useEffect, useState } from 'preact/hooks';
import { browser } from 'wxt/browser';

import { failureOf, type Failure } from '../failures';
import type { Left } from '../gmail/shapes';
import { askWorker, MAIL_LEFT } from '../messages';
import { server, type Fate } from './server';
import { hasChoice } from './useFiling';

export interface Watched {
  readonly mail: Left;
  readonly fate: Fate | null;
  readonly failure: Failure | null;
}

// While it comes. Later, less often: the server says itself when it is not worth waiting any more.
const OFTEN_MS = 1_000;
const SELDOM_MS = 5_000;
const OFTEN_FOR_MS = 30_000;
// What was answered is shown once more to somebody who shuts the panel and opens it again soon.
const SHOWN_FOR_MS = 60_000;

function ask(mail: Left): Promise<Fate> {
  const { to = [], cc = [], bcc = [] } = mail.recipients ?? {};
  return server('sent', {
    body: {
      gmail_message_id: mail.gmailMessageId,
      to: [...to],
      cc: [...cc],
      bcc: [...bcc],
      left_at: new Date(mail.leftAtMs).toISOString(),
      choice: hasChoice(mail.composeId),
    },
  });
}

export function useLeft(): { watched: readonly Watched[]; close: (id: string) => void } {
  const [mails, setMails] = useState<readonly Left[]>([]);
  const [fates, setFates] = useState<Readonly<Record<string, Omit<Watched, 'mail'>>>>({});

  useEffect(() => {
    const look = () =>
      void askWorker('left', {}).then(
        (found) => setMails((before) => [...before.filter((one) => !found.some(({ id }) => id === one.id)), ...found]),
        () => undefined, // signed out meanwhile: the panel says so elsewhere
      );
    const onMessage = (message: unknown): undefined => {
      if ((message as { name?: unknown } | null)?.name === MAIL_LEFT) look();
    };
    browser.runtime.onMessage.addListener(onMessage);
    look();
    return () => browser.runtime.onMessage.removeListener(onMessage);
  }, []);

  useEffect(() => {
    let isOver = false;
    const timers = new Set<ReturnType<typeof setTimeout>>();
    async function follow(mail: Left): Promise<void> {
      const found = await ask(mail).then(
        (fate) => ({ fate, failure: null }),
        (error: unknown) => ({ fate: null, failure: failureOf(error) }),
      );
      if (isOver) return;
      setFates((before) => ({ ...before, [mail.id]: found }));
      if (found.fate && found.fate.state !== 'coming') {
        timers.add(setTimeout(() => void askWorker('leftSeen', { ids: [mail.id] }).catch(() => undefined), SHOWN_FOR_MS));
        return;
      }
      const isYoung = Date.now() - mail.leftAtMs < OFTEN_FOR_MS;
      timers.add(setTimeout(() => void follow(mail), isYoung && !found.failure ? OFTEN_MS : SELDOM_MS));
    }
    for (const mail of mails) if (mail.state === 'left') void follow(mail);
    return () => {
      isOver = true;
      timers.forEach(clearTimeout);
    };
  }, [JSON.stringify(mails)]);

  const close = (id: string): void => {
    setMails((before) => before.filter((one) => one.id !== id));
    void askWorker('leftSeen', { ids: [id] }).catch(() => undefined);
  };
  return { watched: mails.map((mail) => ({ mail, fate: null, failure: null, ...fates[mail.id] })), close };
}

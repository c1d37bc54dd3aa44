// Beside a conversation that is being read: where it stands and why, what is asked, who is new, what is open.
import { useState } from 'preact/hooks';

import type { ThreadSeen } from '../gmail/shapes';
import { AddContact } from './AddContact';
import { Beside } from './Beside';
import { LogActivity } from './LogActivity';
import { Note, Working } from './parts';
import { PlaceOf } from './PlaceOf';
import { server, useAsked, useDeed, type Placed, type Question, type Thread } from './server';

const TONES: Record<Thread['state'], string> = {
  linked: 'success',
  waiting: 'warning',
  excluded: 'neutral',
  removed: 'neutral',
  coming: 'info',
  gone: 'neutral',
  unknown: 'neutral',
  not_read: 'warning',
};
const STATES: Record<Thread['state'], string> = {
  linked: 'Logged',
  waiting: 'Waits for you',
  excluded: 'Not logged',
  removed: 'Taken off',
  coming: 'Coming',
  gone: 'Gone',
  unknown: 'Not logged',
  not_read: 'Not logged',
};

export function Reading({ thread, mailbox }: { thread: ThreadSeen; mailbox: string }) {
  const body = {
    written_from: mailbox,
    gmail_thread_id: thread.threadId,
    gmail_message_id: thread.messageId,
    people: thread.people.map(({ email, name }) => ({ email, name })),
  };
  const asked = useAsked(JSON.stringify(body), () => server('thread', { body }));
  const [placed, setPlaced] = useState<Placed | null>(null);
  const found = asked.value;
  const onPlaced = (now: Placed | null) => {
    setPlaced(now);
    asked.again();
  };
  if (!found) {
    return asked.failure ? <Note failure={asked.failure} onRetry={asked.again} /> : <Working words="Looking at this conversation …" />;
  }
  return (
    <>
      {asked.failure && <Note failure={asked.failure} onRetry={asked.again} />}
      <section class="card" aria-labelledby="thread-title" aria-busy={asked.isAsking}>
        <h2 id="thread-title">{thread.subject || 'This conversation'}</h2>
        <div class="filing">
          <div class="line">
            <span class={`chip tone-${TONES[found.state]}`}>{STATES[found.state]}</span>
            {found.logged > 1 && <span class="quiet">{found.logged} mails of it are logged</span>}
          </div>
          <p class="strong">{found.words}</p>
        </div>
        {placed && <Undoable placed={placed} onPlaced={onPlaced} />}
        {found.places.map((place) => (
          <PlaceOf key={`${place.account_id} ${place.mail_message_id}`} place={place} onPlaced={onPlaced} />
        ))}
        {found.questions.map((question) => (
          <Asked key={`${question.mail_message_id} ${question.email}`} question={question} onPlaced={onPlaced} />
        ))}
      </section>
      {found.strangers.map((stranger) => (
        <AddContact key={stranger.email} stranger={stranger} onAdded={() => onPlaced(null)} />
      ))}
      {found.accounts.map((account) => (
        <Beside
          key={account.id}
          account={account}
          apply={null}
          isWhyTold={found.places.some((place) => place.account_id === account.id)}
        >
          <LogActivity account={account} onLogged={asked.again} />
        </Beside>
      ))}
    </>
  );
}

// What was just done, and the way back.
function Undoable({ placed, onPlaced }: { placed: Placed; onPlaced: (placed: Placed | null) => void }) {
  const deed = useDeed();
  const { undo } = placed;
  const id = placed.places[0]?.mail_message_id;
  function takeBack(): void {
    if (!undo || !id) return;
    deed.run(async () => {
      const { whole_thread, from_account_id, to_account_id, account_id } = undo;
      const path = { mail_id: id };
      if (undo.deed === 'move' && from_account_id && to_account_id) {
        onPlaced(await server('move', { path, body: { from_account_id, to_account_id, whole_thread } }));
      } else if (account_id) {
        onPlaced(await server('link', { path, body: { account_id, whole_thread } }));
      }
    });
  }
  return (
    <div class="note tone-success" role="status">
      <p class="strong">{placed.words}</p>
      {deed.failure && <p>{deed.failure.words}</p>}
      <div class="buttons">
        {undo && id && (
          <button type="button" class="button is-small" onClick={takeBack}>
            Undo
          </button>
        )}
        <button type="button" class="button is-small" onClick={() => onPlaced(null)}>
          Close
        </button>
      </div>
    </div>
  );
}

function Asked({ question, onPlaced }: { question: Question; onPlaced: (placed: Placed) => void }) {
  const deed = useDeed();
  const choose = (account_id: string) =>
    deed.run(async () => {
      onPlaced(await server('link', { path: { mail_id: question.mail_message_id }, body: { account_id, whole_thread: false } }));
    });
  return (
    <div class="place" role="group" aria-label={question.words}>
      <p class="strong">{question.words}</p>
      {question.accounts.map((one) => (
        <button key={one.account_id} type="button" class="choice" disabled={deed.isAsking} onClick={() => choose(one.account_id)}>
          <span class="strong">{one.account_name}</span>
          <span class="quiet">{one.because}</span>
        </button>
      ))}
      {deed.failure && <Note failure={deed.failure} />}
    </div>
  );
}

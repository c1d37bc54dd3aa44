// "Did it log?" For each mail that left: on whose timeline it stands, with the way there, or why not.
import { useState } from 'preact/hooks';

import { day } from './dates';
import { Note } from './parts';
import { server, useDeed, type Fate } from './server';
import { taskOf } from './taskOf';
import { useLeft, type Watched } from './useLeft';

const TONES: Record<Fate['state'], 'success' | 'warning' | 'info'> = {
  coming: 'info',
  unseen: 'warning',
  logged: 'success',
  waiting: 'warning',
  excluded: 'info',
  gone: 'info',
  not_read: 'warning',
};

export function Sent() {
  const { watched, close } = useLeft();
  return (
    <div class="sent" role="status" aria-label="Mails that left">
      {watched.map((one) => (
        <One key={one.mail.id} one={one} onClose={() => close(one.mail.id)} />
      ))}
    </div>
  );
}

function One({ one, onClose }: { one: Watched; onClose: () => void }) {
  const { mail, fate, failure } = one;
  if (failure) {
    return (
      <Note failure={{ ...failure, words: `${titleOf(mail)} left. ${failure.words}` }} tone="warning">
        <Close onClose={onClose} />
      </Note>
    );
  }
  return (
    <div class={`note tone-${mail.state === 'left' && fate ? TONES[fate.state] : 'info'}`}>
      <p class="strong">{titleOf(mail)}</p>
      <p>{wordsOf(one)}</p>
      {fate?.stands.map((place) => (
        <p key={place.account_id}>
          <a href={place.href} target="_blank" rel="noreferrer">
            {place.account_name}
          </a>
        </p>
      ))}
      {fate?.state === 'logged' && fate.stands[0] && <TickOff composeId={mail.composeId} entryId={fate.stands[0].entry_id} />}
      {fate?.state !== 'coming' && (
        <div class="buttons">
          <Close onClose={onClose} />
        </div>
      )}
    </div>
  );
}

// The mail was written for a task: it stands where it can be seen now, so the task is done.
function TickOff({ composeId, entryId }: { composeId: string | null; entryId: string }) {
  const task = taskOf(composeId);
  const [fate, setFate] = useState('');
  const deed = useDeed();
  if (!task) return null;
  if (fate) return <p>{fate}</p>;
  return (
    <>
      {deed.failure && <p>{deed.failure.words}</p>}
      <button
        type="button"
        class="button is-small"
        disabled={deed.isAsking}
        onClick={() =>
          deed.run(async () => {
            const now = await server('completeTask', { path: { task_id: task.id }, body: { entry_id: entryId } });
            const waits = now.state === 'waiting' && now.silent_on;
            setFate(waits ? `The task “${task.title}” waits for an answer until ${day(waits)}.` : `The task “${task.title}” is done.`);
          })
        }
      >
        Tick off “{task.title}”
      </button>
    </>
  );
}

function Close({ onClose }: { onClose: () => void }) {
  return (
    <button type="button" class="button is-small" onClick={onClose}>
      Close
    </button>
  );
}

function titleOf({ recipients }: Watched['mail']): string {
  const all = recipients ? [...recipients.to, ...recipients.cc, ...recipients.bcc] : [];
  if (!all.length) return 'Your mail';
  return `Your mail to ${all[0]}${all.length > 1 ? ` and ${all.length - 1} more` : ''}`;
}

function wordsOf({ mail, fate }: Watched): string {
  if (mail.state === 'scheduled') return 'Gmail sends it later. It is logged once it has left.';
  if (mail.state === 'taken_back') return 'You took it back: nothing is logged.';
  return fate?.words ?? 'It left. Rapport looks into your mailbox …';
}

// A task of a CTA: its template inserted, ticked off, put off to a later day. One that waits for the customer says so, and
// what they answered.
import { useId, useState } from 'preact/hooks';

import { day, inDays } from './dates';
import { Note } from './parts';
import { server, useDeed, type OpenTask } from './server';
import { wordsOf } from './taskWords';
import type { Apply } from './useApply';

type State = { readonly is: 'open' } | { readonly is: 'waiting'; readonly until: string | null } | { readonly is: 'done' } | { readonly is: 'later'; readonly through: string };

export function Task({ task, apply }: { task: OpenTask; apply: Apply | null }) {
  const [state, setState] = useState<State>(task.state === 'waiting' ? { is: 'waiting', until: task.silent_on } : { is: 'open' });
  const [isPuttingOff, setIsPuttingOff] = useState(false);
  const deed = useDeed();
  const path = { task_id: task.id };

  const done = () =>
    deed.run(async () => {
      await server('completeTask', { path });
      setState({ is: 'done' });
    });
  const snooze = (through: string | null, reason: string) =>
    deed.run(async () => {
      await server('snoozeTask', { path, body: { through, reason } });
      setState(through ? { is: 'later', through } : { is: 'open' });
      setIsPuttingOff(false);
    });
  const days = task.waits_days ?? 3;
  const hasLeft = task.state !== 'open';
  const wait = () =>
    deed.run(async () => {
      const { silent_on } = await server('waitLonger', { path, body: { days } });
      setState({ is: 'waiting', until: silent_on });
    });
  const undo = () => {
    if (state.is === 'later') snooze(null, '');
    else {
      deed.run(async () => {
        await server('reopenTask', { path });
        setState({ is: 'open' });
      });
    }
  };

  return (
    <div class="task">
      <span class={state.is === 'done' ? 'is-done' : ''}>{task.title}</span>
      <span class="quiet" role="status">
        {state.is === 'done' && 'Done.'}
        {state.is === 'later' && `Put off through ${day(state.through)}.`}
        {state.is === 'waiting' && (state.until ? `Waiting for an answer until ${day(state.until)}.` : 'Waiting for an answer.')}
        {state.is === 'open' && wordsOf(task)}
      </span>
      {state.is === 'open' && task.reply?.text && <blockquote class="reply">{task.reply.text}</blockquote>}
      {deed.failure && <Note failure={deed.failure} />}
      {task.is_mine && (state.is === 'open' || state.is === 'waiting') && !isPuttingOff && (
        <div class="line">
          {state.is === 'open' && task.template_slug && apply && (
            <button
              type="button"
              class="button is-small"
              disabled={!apply.canStart}
              onClick={() => apply.start({ slug: task.template_slug ?? '', name: task.template_name ?? task.title, task })}
            >
              Insert “{task.template_name}”
            </button>
          )}
          {state.is === 'open' && hasLeft && (
            <button type="button" class="button is-small" aria-label={`Wait ${days} more days: ${task.title}`} onClick={wait}>
              Wait {days} more {days === 1 ? 'day' : 'days'}
            </button>
          )}
          {(task.kind !== 'email' || hasLeft) && (
            <button type="button" class="button is-small" aria-label={`Done: ${task.title}`} onClick={done}>
              Done
            </button>
          )}
          {state.is === 'open' && (
            <button type="button" class="button is-small" aria-label={`Later: ${task.title}`} onClick={() => setIsPuttingOff(true)}>
              Later
            </button>
          )}
        </div>
      )}
      {isPuttingOff && <PutOff isAsking={deed.isAsking} onChoose={snooze} onCancel={() => setIsPuttingOff(false)} />}
      {(state.is === 'later' || (state.is === 'done' && task.kind !== 'email')) && (
        <button type="button" class="button is-small" aria-label={`Undo: ${task.title}`} onClick={undo}>
          Undo
        </button>
      )}
    </div>
  );
}

function PutOff({
  isAsking,
  onChoose,
  onCancel,
}: {
  isAsking: boolean;
  onChoose: (through: string, reason: string) => void;
  onCancel: () => void;
}) {
  const id = useId();
  const [through, setThrough] = useState(inDays(7));
  const [reason, setReason] = useState('');
  return (
    <form
      class="ask"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isAsking && through) onChoose(through, reason.trim());
      }}
    >
      <label for={`${id}-through`}>Put off through</label>
      <input id={`${id}-through`} type="date" min={inDays(0)} value={through} onInput={(event) => setThrough(event.currentTarget.value)} />
      <label for={`${id}-reason`}>Why (others see it)</label>
      <input id={`${id}-reason`} maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      <div class="line">
        <button type="submit" class="button is-small">
          Put off
        </button>
        <button type="button" class="button is-small" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

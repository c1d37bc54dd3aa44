// A task of a CTA: its template inserted, ticked off, put off to a later day.
import { useId, useState } from 'preact/hooks';

import { day, inDays } from './dates';
import { Note } from './parts';
import { server, useDeed, type OpenTask } from './server';
import type { Apply } from './useApply';

type State = { readonly is: 'open' } | { readonly is: 'done' } | { readonly is: 'later'; readonly through: string };

export function Task({ task, apply }: { task: OpenTask; apply: Apply | null }) {
  const [state, setState] = useState<State>({ is: 'open' });
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
        {state.is === 'open' && [task.kind === 'email' ? 'Email task' : 'To-do', task.due_on ? `due ${day(task.due_on)}` : ''].filter(Boolean).join(', ')}
      </span>
      {deed.failure && <Note failure={deed.failure} />}
      {task.is_mine && state.is === 'open' && !isPuttingOff && (
        <div class="line">
          {task.template_slug && apply && (
            <button
              type="button"
              class="button is-small"
              disabled={!apply.canStart}
              onClick={() => apply.start({ slug: task.template_slug ?? '', name: task.template_name ?? task.title, task })}
            >
              Insert “{task.template_name}”
            </button>
          )}
          {task.kind !== 'email' && (
            <button type="button" class="button is-small" aria-label={`Done: ${task.title}`} onClick={done}>
              Done
            </button>
          )}
          <button type="button" class="button is-small" aria-label={`Later: ${task.title}`} onClick={() => setIsPuttingOff(true)}>
            Later
          </button>
        </div>
      )}
      {isPuttingOff && <PutOff isAsking={deed.isAsking} onChoose={snooze} onCancel={() => setIsPuttingOff(false)} />}
      {state.is !== 'open' && (
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

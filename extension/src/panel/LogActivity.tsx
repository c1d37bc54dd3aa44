// A call, a meeting or a note, written onto an account's timeline without leaving Gmail.
import { useId, useRef, useState } from 'preact/hooks';

import { Note } from './parts';
import { server, useDeed, type AccountBeside } from './server';

const KINDS = {
  update: 'Note',
  customer_call: 'Customer call',
  in_person_meeting: 'In-person meeting',
  workshop: 'Workshop',
  at_risk: 'At-risk update',
} as const;
type Kind = keyof typeof KINDS;

// As a field of date and time takes it: this machine's own time.
function nowHere(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function LogActivity({ account, onLogged }: { account: Pick<AccountBeside, 'id' | 'name'>; onLogged: () => void }) {
  const id = useId();
  const [isOpen, setIsOpen] = useState(false);
  const [kind, setKind] = useState<Kind>('customer_call');
  const [subject, setSubject] = useState('');
  const [text, setText] = useState('');
  const [at, setAt] = useState(nowHere);
  const [said, setSaid] = useState('');
  const deed = useDeed();
  // The same until it is written: a call whose answer was lost is not logged twice.
  const key = useRef(crypto.randomUUID());

  function log(event: Event): void {
    event.preventDefault();
    if (!subject.trim() || !at) return;
    deed.run(async () => {
      const body = {
        key: key.current,
        activity_type: kind,
        subject: subject.trim(),
        text: text.trim(),
        occurred_at: new Date(at).toISOString(),
      };
      await server('logActivity', { path: { account_id: account.id }, body });
      key.current = crypto.randomUUID();
      setSaid(`Logged on the timeline of ${account.name}.`);
      setSubject('');
      setText('');
      setIsOpen(false);
      onLogged();
    });
  }

  return (
    <div class="log">
      <p role="status">{said}</p>
      <button
        type="button"
        class="button is-small"
        aria-expanded={isOpen}
        onClick={() => {
          setIsOpen(!isOpen);
          setSaid('');
        }}
      >
        Log a call or a note
      </button>
      {isOpen && (
        <form class="ask" onSubmit={log}>
          <label for={`${id}-kind`}>What it was</label>
          <select id={`${id}-kind`} value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
            {Object.entries(KINDS).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
          <label for={`${id}-subject`}>Subject</label>
          <input id={`${id}-subject`} required maxLength={200} value={subject} onInput={(event) => setSubject(event.currentTarget.value)} />
          <label for={`${id}-text`}>What was said</label>
          <textarea id={`${id}-text`} rows={4} value={text} onInput={(event) => setText(event.currentTarget.value)} />
          <label for={`${id}-at`}>When</label>
          <input id={`${id}-at`} type="datetime-local" required value={at} onInput={(event) => setAt(event.currentTarget.value)} />
          {deed.failure && <Note failure={deed.failure} />}
          <button type="submit" class="button is-small is-main" disabled={deed.isAsking}>
            Log it
          </button>
        </form>
      )}
    </div>
  );
}

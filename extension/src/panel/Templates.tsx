// Templates for this mail: the likeliest first, searched as somebody types, applied with one press.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';

import type { ComposeSeen } from '../gmail/shapes';
import { Applied } from './Applied';
import { Note } from './parts';
import { server, useAsked, type ContactBeside, type Suggestion } from './server';
import type { Apply } from './useApply';

const PAUSE_MS = 120;
const MOST = 8;

export interface TemplatesProps {
  readonly compose: ComposeSeen | null;
  readonly apply: Apply;
  // Who is written to is not known yet: a list that comes too soon would change under the person's hand.
  readonly isEarly: boolean;
  readonly contact: ContactBeside | null;
  readonly contacts: readonly ContactBeside[];
  readonly accountIds: readonly string[];
  readonly onContact: (contact: ContactBeside | null) => void;
  readonly pick: ComponentChildren;
}

export function Templates({ compose, apply, isEarly, contact, contacts, accountIds, onContact, pick }: TemplatesProps) {
  const [text, setText] = useState('');
  const wanted = { q: text.trim(), contact_id: contact?.id ?? null, account_ids: [...accountIds], limit: MOST };
  const asked = useAsked(isEarly ? null : JSON.stringify(wanted), () => server('templates', { body: wanted }), text ? PAUSE_MS : 0);
  return (
    <section class="card" aria-labelledby="templates-title">
      <h2 id="templates-title">Templates</h2>
      {!isEarly && <ForWhom contact={contact} contacts={contacts} onContact={onContact} pick={pick} />}
      <Applied apply={apply} compose={compose} />
      <Search text={text} onText={setText} found={asked.value?.items ?? []} apply={apply} />
      {asked.failure && <Note failure={asked.failure} onRetry={asked.again} />}
      {asked.value && !asked.value.items.length && <p class="quiet">No template has these words.</p>}
    </section>
  );
}

function ForWhom({ contact, contacts, onContact, pick }: Omit<TemplatesProps, 'compose' | 'apply' | 'isEarly' | 'accountIds'>) {
  const id = useId();
  if (!contact) {
    return (
      <>
        <p class="quiet">A template is filled in for one contact. None is written to yet: choose one.</p>
        {pick}
      </>
    );
  }
  const isChosenByHand = !contacts.some((one) => one.id === contact.id);
  if (contacts.length > 1 || isChosenByHand) {
    const all = isChosenByHand ? [contact, ...contacts] : contacts;
    return (
      <>
        <label for={id}>Filled in for</label>
        <select id={id} value={contact.id} onChange={(event) => onContact(all.find((one) => one.id === event.currentTarget.value) ?? null)}>
          {all.map((one) => (
            <option key={one.id} value={one.id}>
              {one.full_name}
            </option>
          ))}
        </select>
      </>
    );
  }
  return <p class="quiet">Filled in for {contact.full_name}.</p>;
}

interface SearchProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly found: readonly Suggestion[];
  readonly apply: Apply;
}

// A field with a list, by the pattern that screen readers know: arrows choose, Enter applies.
function Search({ text, onText, found, apply }: SearchProps) {
  const id = useId();
  const [at, setAt] = useState(0);
  useEffect(() => setAt(0), [text]);
  const active = Math.min(at, found.length - 1);
  const idOf = (index: number) => `${id}-${index}`;
  useEffect(() => document.getElementById(idOf(active))?.scrollIntoView({ block: 'nearest' }), [active]);

  function onKeyDown(event: KeyboardEvent) {
    const one = found[active];
    if (event.key === 'ArrowDown') setAt(Math.min(active + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(active - 1, 0));
    else if (event.key === 'Enter' && one && apply.canStart) apply.start(one);
    else if (event.key === 'Escape' && text) onText('');
    else return;
    event.preventDefault();
  }

  return (
    <>
      <label for={`${id}-search`}>Search templates</label>
      <input
        id={`${id}-search`}
        type="search"
        role="combobox"
        autoComplete="off"
        aria-expanded={found.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={found.length ? idOf(active) : undefined}
        placeholder="By name or purpose"
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <ul class="choices" role="listbox" id={`${id}-list`} aria-label="Templates">
        {found.map((one, index) => (
          <li
            key={one.slug}
            id={idOf(index)}
            role="option"
            class="choice"
            aria-selected={index === active}
            aria-disabled={!apply.canStart}
            onClick={() => apply.canStart && apply.start(one)}
            onPointerMove={() => setAt(index)}
          >
            <span class="strong">{one.name}</span>
            <span class="quiet">{one.why || one.category}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

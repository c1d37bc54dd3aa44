// Choosing an account by its name.
import { useId, useState } from 'preact/hooks';

import { Note, Working } from './parts';
import { server, useAsked } from './server';

const PAUSE_MS = 200;
const MOST = 8;

export interface AccountChosen {
  readonly id: string;
  readonly name: string;
}

export function PickAccount({
  label,
  chosen,
  onPick,
}: {
  label: string;
  chosen: AccountChosen | null;
  onPick: (account: AccountChosen | null) => void;
}) {
  const id = useId();
  const [text, setText] = useState('');
  const words = text.trim();
  const found = useAsked(words && !chosen ? words : null, () => server('accounts', { query: { q: words, limit: MOST } }), PAUSE_MS);
  return (
    <>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        autoComplete="off"
        placeholder="Name of the account"
        value={chosen?.name ?? text}
        onInput={(event) => {
          onPick(null);
          setText(event.currentTarget.value);
        }}
      />
      {found.failure && <Note failure={found.failure} onRetry={found.again} />}
      {found.isAsking && <Working words="Looking …" />}
      {!chosen && found.value && (
        <ul class="choices" aria-label="Accounts">
          {found.value.items.map((one) => (
            <li key={one.id}>
              <button type="button" class="choice" onClick={() => onPick({ id: one.id, name: one.name })}>
                {one.name}
              </button>
            </li>
          ))}
          {!found.value.items.length && <li class="quiet">No account has this in its name.</li>}
        </ul>
      )}
    </>
  );
}

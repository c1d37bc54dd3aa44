// Choosing a contact by hand: where Gmail's page does not say who gets the mail, or nobody is written to yet.
import { useState } from 'preact/hooks';

import { Note, Working } from './parts';
import { server, useAsked, type ContactBeside } from './server';

const PAUSE_MS = 200;
const MOST = 8;

export function PickContact({ onPick }: { onPick: (contact: ContactBeside) => void }) {
  const [text, setText] = useState('');
  const [account, setAccount] = useState<{ id: string; name: string } | null>(null);
  const words = text.trim();
  const accounts = useAsked(words && !account ? words : null, () => server('accounts', { query: { q: words, limit: MOST } }), PAUSE_MS);
  const contacts = useAsked(account?.id ?? null, () => server('contacts', { path: { account_id: account?.id ?? '' } }));
  const failure = accounts.failure ?? contacts.failure;
  return (
    <div class="pick">
      <label for="pick-account">For a contact of</label>
      <input
        id="pick-account"
        type="search"
        autoComplete="off"
        placeholder="Name of the account"
        value={account?.name ?? text}
        onInput={(event) => {
          setAccount(null);
          setText(event.currentTarget.value);
        }}
      />
      {failure && <Note failure={failure} onRetry={accounts.failure ? accounts.again : contacts.again} />}
      {(accounts.isAsking || contacts.isAsking) && <Working words="Looking …" />}
      {!account && accounts.value && (
        <ul class="choices" aria-label="Accounts">
          {accounts.value.items.map((one) => (
            <li key={one.id}>
              <button type="button" class="choice" onClick={() => setAccount(one)}>
                {one.name}
              </button>
            </li>
          ))}
          {!accounts.value.items.length && <li class="quiet">No account has this in its name.</li>}
        </ul>
      )}
      {account && contacts.value && (
        <ul class="choices" aria-label={`Contacts of ${account.name}`}>
          {contacts.value.map((one) => (
            <li key={one.id}>
              <button
                type="button"
                class="choice"
                disabled={!!one.opted_out_at}
                onClick={() =>
                  onPick({
                    id: one.id,
                    account_id: one.account_id,
                    full_name: `${one.first_name} ${one.last_name}`.trim(),
                    title: one.title,
                    role_label: '',
                    opted_out_at: one.opted_out_at,
                  })
                }
              >
                {`${one.first_name} ${one.last_name}`.trim()}
                <span class="quiet">{one.opted_out_at ? ' opted out of emails' : one.email ? ` ${one.email}` : ''}</span>
              </button>
            </li>
          ))}
          {!contacts.value.length && <li class="quiet">This account has no contacts yet.</li>}
        </ul>
      )}
    </div>
  );
}

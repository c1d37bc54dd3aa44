// Choosing a contact by hand: where Gmail's page does not say who gets the mail, or nobody is written to yet.
import { useState } from 'preact/hooks';

import { Note, Working } from './parts';
import { PickAccount, type AccountChosen } from './PickAccount';
import { server, useAsked, type ContactBeside } from './server';

export function PickContact({ onPick }: { onPick: (contact: ContactBeside) => void }) {
  const [account, setAccount] = useState<AccountChosen | null>(null);
  const contacts = useAsked(account?.id ?? null, () => server('contacts', { path: { account_id: account?.id ?? '' } }));
  return (
    <div class="pick">
      <PickAccount label="For a contact of" chosen={account} onPick={setAccount} />
      {contacts.failure && <Note failure={contacts.failure} onRetry={contacts.again} />}
      {contacts.isAsking && <Working words="Looking …" />}
      {account && contacts.value && (
        <ul class="choices" aria-label={`Contacts of ${account.name}`}>
          {contacts.value.map((one) => {
            const name = `${one.first_name} ${one.last_name}`.trim();
            const { id, account_id, title, opted_out_at } = one;
            return (
              <li key={id}>
                <button
                  type="button"
                  class="choice"
                  disabled={!!opted_out_at}
                  onClick={() => onPick({ id, account_id, full_name: name, title, role_label: '', opted_out_at })}
                >
                  {name}
                  <span class="quiet">{opted_out_at ? 'Opted out of emails' : one.email}</span>
                </button>
              </li>
            );
          })}
          {!contacts.value.length && <li class="quiet">This account has no contacts yet.</li>}
        </ul>
      )}
    </div>
  );
}

// Somebody whom Rapport does not know: a contact with one click, or with a corrected name.
import { useId, useState } from 'preact/hooks';

import { Note } from './parts';
import { PickAccount, type AccountChosen } from './PickAccount';
import { server, useDeed, type Stranger } from './server';

export function AddContact({ stranger, onAdded }: { stranger: Stranger; onAdded: () => void }) {
  const id = useId();
  const [first, setFirst] = useState(stranger.first_name);
  const [last, setLast] = useState(stranger.last_name);
  const suggested = stranger.account_id ? { id: stranger.account_id, name: stranger.account_name } : null;
  const [account, setAccount] = useState<AccountChosen | null>(suggested);
  const [isChanging, setIsChanging] = useState(!suggested || !(stranger.first_name || stranger.last_name));
  const [isAdded, setIsAdded] = useState(false);
  const deed = useDeed();
  const name = `${first} ${last}`.trim();

  function add(event: Event): void {
    event.preventDefault();
    if (!account) return;
    deed.run(async () => {
      const body = { first_name: first.trim(), last_name: last.trim(), email: stranger.email, title: '' };
      await server('addContact', { path: { account_id: account.id }, body });
      setIsAdded(true);
      onAdded();
    });
  }

  if (isAdded) {
    return (
      <div class="note tone-success" role="status">
        <p class="strong">
          {name} is a contact of {account?.name} now.
        </p>
        <p>Mail that waited because of them is placed.</p>
      </div>
    );
  }
  return (
    <section class="card" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{stranger.email}</h2>
      <p class="quiet">Not a contact yet.</p>
      <form onSubmit={add}>
        {isChanging && (
          <>
            <label for={`${id}-first`}>First name</label>
            <input id={`${id}-first`} maxLength={200} value={first} onInput={(event) => setFirst(event.currentTarget.value)} />
            <label for={`${id}-last`}>Last name</label>
            <input id={`${id}-last`} maxLength={200} value={last} onInput={(event) => setLast(event.currentTarget.value)} />
            <PickAccount label="At the account" chosen={account} onPick={setAccount} />
          </>
        )}
        {deed.failure && <Note failure={deed.failure} />}
        <div class="line">
          <button type="submit" class="button is-small is-main" disabled={!account || !name || deed.isAsking}>
            {account && name ? `Add ${name} to ${account.name}` : 'Add as a contact'}
          </button>
          {!isChanging && (
            <button type="button" class="button is-small" onClick={() => setIsChanging(true)}>
              Change
            </button>
          )}
        </div>
      </form>
    </section>
  );
}

// Where a mail stands, by which rule, who may read it; and putting that right.
import { useId, useState } from 'preact/hooks';

import { Note } from './parts';
import { PickAccount, type AccountChosen } from './PickAccount';
import { server, useDeed, type Place, type Placed } from './server';

type Open = 'nothing' | 'move' | 'never' | 'level';

export function PlaceOf({ place, onPlaced }: { place: Place; onPlaced: (placed: Placed) => void }) {
  const [open, setOpen] = useState<Open>('nothing');
  const [isWhole, setIsWhole] = useState(true);
  const [target, setTarget] = useState<AccountChosen | null>(null);
  const deed = useDeed();
  const id = useId();
  const path = { mail_id: place.mail_message_id };
  const isThread = place.in_thread > 1;
  const whole_thread = isThread && isWhole;
  const run = (ask: () => Promise<Placed>) => deed.run(async () => onPlaced(await ask()));
  const toggle = (which: Open) => setOpen(open === which ? 'nothing' : which);

  return (
    <div class="place" role="group" aria-label={`On the timeline of ${place.account_name}`}>
      <p>
        <a class="strong" href={place.href} target="_blank" rel="noreferrer">
          {place.account_name}
        </a>
      </p>
      <p class="quiet">{place.why}</p>
      <p class="quiet">{place.level_words}</p>
      {place.why_not && <p class="quiet">{place.why_not}</p>}
      {deed.failure && <Note failure={deed.failure} />}
      <div class="line">
        {place.can_correct && (
          <>
            <button type="button" class="button is-small" aria-expanded={open === 'move'} onClick={() => toggle('move')}>
              Move
            </button>
            <button
              type="button"
              class="button is-small"
              disabled={deed.isAsking}
              onClick={() => run(() => server('unlink', { path, body: { account_id: place.account_id, whole_thread } }))}
            >
              Take off
            </button>
            {place.never_addresses.length > 0 && (
              <button type="button" class="button is-small" aria-expanded={open === 'never'} onClick={() => toggle('never')}>
                Never here
              </button>
            )}
          </>
        )}
        {place.can_set_level && (
          <button type="button" class="button is-small" aria-expanded={open === 'level'} onClick={() => toggle('level')}>
            Who may read it
          </button>
        )}
      </div>
      {place.can_correct && isThread && (
        <label class="option">
          <input type="checkbox" checked={isWhole} onChange={(event) => setIsWhole(event.currentTarget.checked)} />
          <span>Move and Take off mean all {place.in_thread} mails of this conversation</span>
        </label>
      )}
      {open === 'move' && (
        <div class="ask">
          <PickAccount label="To the timeline of" chosen={target} onPick={setTarget} />
          <button
            type="button"
            class="button is-small is-main"
            disabled={!target || deed.isAsking}
            onClick={() =>
              target && run(() => server('move', { path, body: { from_account_id: place.account_id, to_account_id: target.id, whole_thread } }))
            }
          >
            {target ? `Move to ${target.name}` : 'Choose an account'}
          </button>
        </div>
      )}
      {open === 'never' && (
        <div class="ask">
          <p class="quiet">Mail of this address never goes to {place.account_name} again, and what stands there by it alone goes.</p>
          {place.never_addresses.map((email) => (
            <button
              key={email}
              type="button"
              class="button is-small"
              disabled={deed.isAsking}
              onClick={() => run(() => server('never', { path, body: { account_id: place.account_id, email } }))}
            >
              Never {email}
            </button>
          ))}
        </div>
      )}
      {open === 'level' && (
        <fieldset class="levels">
          <legend>What colleagues see of this mail</legend>
          {[...place.levels, { level: 'nothing' as const, label: 'Nothing: take my copy away', is_chosen: false, is_usual: false }].map(
            ({ level, label, is_chosen, is_usual }) => (
              <label key={level} class="option">
                <input
                  type="radio"
                  name={id}
                  checked={is_chosen}
                  disabled={deed.isAsking}
                  onChange={() => run(() => server('level', { path, body: { level } }))}
                />
                <span>
                  {label}
                  {is_usual ? ', as usual' : ''}
                </span>
              </label>
            ),
          )}
        </fieldset>
      )}
    </div>
  );
}

// The chip that says, before a mail leaves, to whose timeline it goes and who may read it there; and changing that.
import { useId, useState } from 'preact/hooks';

import type { Failure } from '../failures';
import { Note } from './parts';
import type { Filing as Foreseen, Level } from './server';

const LEVELS: Record<Level, string> = { full: 'Full', subject: 'Subject only', metadata: 'Hidden', nothing: 'Do not log' };
const TONES: Record<Foreseen['outcome'], string> = { linked: 'success', waiting: 'warning', excluded: 'neutral' };

export function Filing({
  filing,
  why,
  isRead,
  failure,
  onChoose,
}: {
  filing: Foreseen;
  // The rule that leads to each account.
  why: readonly string[];
  isRead: boolean;
  failure: Failure | null;
  onChoose: (level: Level | null) => void;
}) {
  const [isOpen, setIsOpen] = useState(false);
  const name = useId();
  const known = isRead ? LEVELS[filing.level as Level] : undefined;
  const chosen = filing.choice?.level ?? (filing.usual_level as Level);
  return (
    <div class="filing">
      <div class="line" aria-live="polite">
        <span class={`chip tone-${known ? TONES[filing.outcome] : 'neutral'}`}>{known ?? 'Not logged'}</span>
        {filing.choice && <span class="quiet">your choice for this mail</span>}
      </div>
      <p>
        <span class="strong">{filing.words}</span> {known && filing.level_words}
      </p>
      {why.map((one) => (
        <p key={one} class="quiet">
          {one}
        </p>
      ))}
      {failure && <Note failure={failure} />}
      {filing.levels.length > 0 && (
        <button type="button" class="button is-small" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          {isOpen ? 'Close' : 'Change who may read it'}
        </button>
      )}
      {isOpen && (
        <fieldset class="levels">
          <legend>For this mail</legend>
          {filing.levels.map(({ level, words }) => (
            <label key={level} class="option">
              <input
                type="radio"
                name={name}
                checked={level === chosen}
                onChange={() => onChoose(level === filing.usual_level ? null : level)}
              />
              <span>
                <span class="strong">
                  {LEVELS[level]}
                  {level === filing.usual_level ? ', as usual' : ''}
                </span>
                <span class="quiet">{words}</span>
              </span>
            </label>
          ))}
        </fieldset>
      )}
    </div>
  );
}

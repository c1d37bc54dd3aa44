// Says which parts of Gmail's page are found: for a person whose panel shows less than it should, and for who helps them.
import { useState } from 'preact/hooks';

import { failureOf, type Failure } from '../failures';
import type { PageSeen, PartSeen } from '../gmail/shapes';
import { askWorker } from '../messages';
import { Note } from './parts';

const STATES: Record<PartSeen['state'], string> = { found: 'found', missing: 'not found', not_now: 'not there now' };
const TONES: Record<PartSeen['state'], string> = { found: 'success', missing: 'danger', not_now: 'neutral' };

export function SelfTest() {
  const [page, setPage] = useState<PageSeen | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);

  async function run() {
    setFailure(null);
    try {
      const seen = await askWorker('gmail', {});
      setPage(seen.page);
      if (!seen.page) setFailure(seen.mismatch);
    } catch (error) {
      setFailure(failureOf(error));
    }
  }

  return (
    <details class="card" onToggle={(event) => void (event.currentTarget.open && run())}>
      <summary>Self-test</summary>
      <div aria-live="polite">
        {failure && <Note failure={failure} tone="info" />}
        {page && (
          <>
            <p class="quiet">What Rapport finds in Gmail’s page, by its table of {page.tableDate}. Open a new mail to test all of it.</p>
            <ul class="rows">
              {page.parts.map((part) => (
                <li key={part.part} class="part">
                  <span>{part.words}</span>
                  <span class={`chip tone-${TONES[part.state]}`}>{STATES[part.state]}</span>
                  <span class="quiet">
                    {part.variant ?? ''}
                    {part.misses > 0 ? ` missed ${part.misses} times` : ''}
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      <button type="button" class="button" onClick={() => void run()}>
        Test again
      </button>
    </details>
  );
}

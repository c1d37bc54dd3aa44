// What became of a chosen template: values that are missing, the text in the mail with the way back, or another way to use it.
import { useState } from 'preact/hooks';

import type { ComposeSeen } from '../gmail/shapes';
import { copyRich } from './copy';
import { Missing } from './Missing';
import { Note, Working } from './parts';
import { server, useDeed, type Filled } from './server';
import type { Apply, Step } from './useApply';

export function Applied({ apply, compose }: { apply: Apply; compose: ComposeSeen | null }) {
  const { step } = apply;
  const [said, setSaid] = useState('');
  if (step.at === 'idle') return null;
  if (step.at === 'filling') return <Working words={`Filling in ${step.name} …`} />;
  if (step.at === 'missing') return <Missing key={step.filled.slug} step={step} onGive={apply.give} onClose={apply.close} />;
  if (step.at === 'failed') {
    return (
      <Note failure={step.failure} onRetry={step.again}>
        {step.filled && <Otherwise filled={step.filled} compose={compose} onSaid={setSaid} />}
        {said && <p role="status">{said}</p>}
        <button type="button" class="button" onClick={apply.close}>
          Close
        </button>
      </Note>
    );
  }
  return <Ready step={step} apply={apply} compose={compose} />;
}

function Ready({ step, apply, compose }: { step: Extract<Step, { at: 'ready' }>; apply: Apply; compose: ComposeSeen | null }) {
  const { filled, inserted, said } = step;
  return (
    <div class={`note tone-${inserted ? 'success' : 'info'}`} role="status">
      <p class="strong">{inserted ? `Inserted: ${filled.label}` : said || filled.label}</p>
      {inserted && said && <p>{said}</p>}
      {inserted && !inserted.wroteSubject && compose?.subject !== filled.subject && compose?.kind !== 'inline' && (
        <p>The subject was left as you wrote it. The template’s: “{filled.subject}”.</p>
      )}
      {filled.gaps > 0 && <p>{filled.gaps === 1 ? 'One text has a “…” for you to fill in.' : `${filled.gaps} texts have a “…” for you to fill in.`}</p>}
      {!inserted && (
        <details>
          <summary>What it says</summary>
          <p class="strong">{filled.subject}</p>
          <p class="preview">{filled.text}</p>
        </details>
      )}
      <div class="buttons">
        {inserted && (
          <button type="button" class="button" onClick={apply.undo}>
            Undo
          </button>
        )}
        {!inserted && compose && (
          <button type="button" class="button" onClick={apply.insertAgain}>
            Insert
          </button>
        )}
        {inserted ? null : <Otherwise filled={filled} compose={compose} onSaid={apply.say} />}
        <button type="button" class="button" onClick={apply.close}>
          Close
        </button>
      </div>
    </div>
  );
}

// The ways that need nothing of Gmail's page.
function Otherwise({ filled, compose, onSaid }: { filled: Filled; compose: ComposeSeen | null; onSaid: (words: string) => void }) {
  const deed = useDeed();
  const [href, setHref] = useState('');
  const copy = () =>
    copyRich(filled.html, filled.text).then(
      () => onSaid('Copied. Paste it into your mail with Ctrl+V.'),
      () => onSaid('Chrome did not let Rapport copy. Click into this panel and try again.'),
    );
  function draft(): void {
    const { to = [], cc = [], bcc = [] } = compose?.recipients ?? {};
    const { subject, html, text } = filled;
    deed.run(async () => {
      const made = await server('draft', { body: { to: [...to], cc: [...cc], bcc: [...bcc], subject, html, text } });
      setHref(made.href);
      onSaid('A draft is in your Gmail.');
    });
  }
  return (
    <>
      <button type="button" class="button" onClick={() => void copy()}>
        Copy
      </button>
      {href ? (
        <a class="button" href={href} target="_blank" rel="noreferrer">
          Open the draft
        </a>
      ) : (
        <button type="button" class="button" disabled={deed.isAsking} onClick={draft}>
          {deed.isAsking ? 'Making a draft …' : 'Make a Gmail draft'}
        </button>
      )}
      {deed.failure && <Note failure={deed.failure} />}
    </>
  );
}

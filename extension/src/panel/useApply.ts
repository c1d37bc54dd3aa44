// From a chosen template to its text in the mail: filled in by the server, missing values asked, inserted, taken back.
import { useEffect, useState } from 'preact/hooks';

import { failed, failureOf, type Failure } from '../failures';
import type { ComposeSeen, Inserted } from '../gmail/shapes';
import { askWorker } from '../messages';
import { forgetTask, writeFor } from './taskOf';
import { server, type ContactBeside, type Filled, type OpenTask } from './server';

export type Step =
  | { readonly at: 'idle' }
  | { readonly at: 'filling'; readonly name: string }
  // `failure`: why what was given was not taken; what was typed stays.
  | { readonly at: 'missing'; readonly filled: Filled; readonly isAsking: boolean; readonly failure: Failure | null }
  // `inserted`: null where there is no window to insert into.
  | { readonly at: 'ready'; readonly filled: Filled; readonly inserted: Inserted | null; readonly said: string }
  | { readonly at: 'failed'; readonly failure: Failure; readonly filled: Filled | null; readonly again: () => void };

export interface Chosen {
  readonly slug: string;
  readonly name: string;
  // The task that this email is for.
  readonly task?: Pick<OpenTask, 'id' | 'title'>;
}

export interface Apply {
  readonly step: Step;
  // Whether there is somebody to fill a template in for.
  readonly canStart: boolean;
  readonly start: (one: Chosen) => void;
  readonly give: (values: Readonly<Record<string, string>>) => void;
  readonly undo: () => void;
  readonly insertAgain: () => void;
  readonly close: () => void;
  readonly say: (words: string) => void;
}

const IDLE: Step = { at: 'idle' };

export function useApply(compose: ComposeSeen | null, contact: ContactBeside | null): Apply {
  const [step, setStep] = useState<Step>(IDLE);
  // What was filled in for one person must not be offered for another.
  useEffect(() => setStep(IDLE), [contact?.id, compose?.id]);

  function filledIn(slug: string, values: Readonly<Record<string, string>>): Promise<Filled> {
    return server('fill', { path: { slug }, body: { contact_id: contact?.id ?? '', values: { ...values } } });
  }

  function take(filled: Filled): void {
    if (filled.missing.length) setStep({ at: 'missing', filled, isAsking: false, failure: null });
    else void insert(filled);
  }

  function start(one: Chosen): void {
    setStep({ at: 'filling', name: one.name });
    if (compose && one.task) writeFor(compose.id, one.task);
    else if (compose) forgetTask(compose.id);
    filledIn(one.slug, {}).then(take, (error: unknown) =>
      setStep({ at: 'failed', failure: failureOf(error), filled: null, again: () => start(one) }),
    );
  }

  function give(filled: Filled, values: Readonly<Record<string, string>>): void {
    setStep({ at: 'missing', filled, isAsking: true, failure: null });
    filledIn(filled.slug, values).then(take, (error: unknown) =>
      setStep({ at: 'missing', filled, isAsking: false, failure: failureOf(error) }),
    );
  }

  async function insert(filled: Filled) {
    if (!compose) {
      setStep({ at: 'ready', filled, inserted: null, said: '' });
      return;
    }
    try {
      const { html, text, subject } = filled;
      const inserted = await askWorker('insert', { composeId: compose.id, html, text, subject });
      setStep({ at: 'ready', filled, inserted, said: '' });
    } catch (error) {
      setStep({ at: 'failed', failure: failureOf(error), filled, again: () => void insert(filled) });
    }
  }

  async function undo(filled: Filled, insertId: string) {
    try {
      const { isUndone } = await askWorker('undo', { insertId });
      if (!isUndone) throw failed('refused', 'The mail was changed since, so it was left as it is.', 'Take the text out in Gmail, or press Ctrl+Z there.');
      setStep({ at: 'ready', filled, inserted: null, said: 'Taken back. Your mail is as it was before.' });
    } catch (error) {
      setStep({ at: 'failed', failure: failureOf(error), filled, again: () => void insert(filled) });
    }
  }

  return {
    step,
    canStart: contact !== null,
    start,
    give: (values) => {
      if (step.at === 'missing') give(step.filled, values);
    },
    undo: () => {
      if (step.at === 'ready' && step.inserted) void undo(step.filled, step.inserted.insertId);
    },
    insertAgain: () => {
      if (step.at === 'ready') void insert(step.filled);
    },
    close: () => setStep(IDLE),
    say: (said) => setStep((before) => (before.at === 'ready' ? { ...before, said } : before)),
  };
}

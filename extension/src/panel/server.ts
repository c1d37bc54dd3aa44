// The server's API as the panel uses it.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import type { components } from '../api/schema';
import { failureOf, type Failure } from '../failures';
import { askWorker } from '../messages';
import type { AnswerOf, Call, InputOf, OperationName } from '../operations';

export type Situation = components['schemas']['Situation'];
export type Filing = components['schemas']['Filing'];
export type AccountBeside = components['schemas']['AccountBeside'];
export type OpenTask = components['schemas']['OpenTask'];
export type Thread = components['schemas']['Thread'];
export type Place = components['schemas']['Place'];
export type Placed = components['schemas']['Placed'];
export type Stranger = components['schemas']['Stranger'];
export type Question = components['schemas']['Question'];
export type OpenCta = components['schemas']['OpenCta'];
export type ContactBeside = components['schemas']['ContactBeside'];
export type Filled = components['schemas']['Filled'];
export type Suggestion = components['schemas']['Suggestion'];
export type Fate = components['schemas']['Fate'];
export type Draft = components['schemas']['Draft'];
export type Level = Filing['levels'][number]['level'];

export function server<Name extends OperationName>(operation: Name, input: InputOf<Name>): Promise<AnswerOf<Name>> {
  return askWorker('work', { operation, ...input } as Call) as Promise<AnswerOf<Name>>;
}

export interface Asked<Value> {
  // The last answer, also while a newer one is on its way.
  readonly value: Value | null;
  readonly failure: Failure | null;
  readonly isAsking: boolean;
  readonly again: () => void;
}

// Asks whenever `key` changes, after a pause in which it may change again; null asks nothing. What was asked earlier and
// is answered later is thrown away.
export function useAsked<Value>(key: string | null, ask: () => Promise<Value>, pauseMs = 0): Asked<Value> {
  const [found, setFound] = useState<Omit<Asked<Value>, 'again'>>({ value: null, failure: null, isAsking: key !== null });
  const [round, setRound] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    if (key === null) {
      setFound({ value: null, failure: null, isAsking: false });
      return undefined;
    }
    let isOver = false;
    setFound((before) => ({ ...before, failure: null, isAsking: true }));
    const timer = setTimeout(() => {
      latest.current().then(
        (value) => isOver || setFound({ value, failure: null, isAsking: false }),
        (error: unknown) => isOver || setFound((before) => ({ ...before, failure: failureOf(error), isAsking: false })),
      );
    }, pauseMs);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [key, round, pauseMs]);
  const again = useCallback(() => setRound((before) => before + 1), []);
  return { ...found, again };
}

export interface Deed {
  readonly isAsking: boolean;
  readonly failure: Failure | null;
  readonly run: (deed: () => Promise<unknown>) => void;
}

// One deed at a time: what is pressed while another is on its way is not done twice.
export function useDeed(): Deed {
  const [isAsking, setIsAsking] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const isBusy = useRef(false);
  const run = useCallback((deed: () => Promise<unknown>) => {
    if (isBusy.current) return;
    isBusy.current = true;
    setIsAsking(true);
    setFailure(null);
    deed()
      .catch((error: unknown) => setFailure(failureOf(error)))
      .finally(() => {
        isBusy.current = false;
        setIsAsking(false);
      });
  }, []);
  return { isAsking, failure, run };
}

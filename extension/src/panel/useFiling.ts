// What somebody chose for a mail before sending it. The server knows a choice by those who get the mail, so when they
// change while the panel is open, the choice goes along.
import { useEffect, useState } from 'preact/hooks';

import { failureOf, type Failure } from '../failures';
import { server, type Draft, type Filing, type Level, type Situation } from './server';

interface Kept {
  readonly level: Level;
  readonly draft: Draft;
}

// By compose window, for as long as the panel is open.
const kept = new Map<string, Kept>();

export function hasChoice(composeId: string | null): boolean {
  return composeId !== null && kept.has(composeId);
}

export interface FilingNow {
  readonly filing: Filing;
  readonly failure: Failure | null;
  readonly choose: (level: Level | null) => void;
}

export function useFiling(composeId: string, draft: Draft, situation: Situation | null): FilingNow | null {
  const key = JSON.stringify(draft);
  const [chosen, setChosen] = useState<{ key: string; filing: Filing } | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);

  async function choose(level: Level | null): Promise<void> {
    const before = kept.get(composeId);
    try {
      const filing = await server('choice', { body: { ...draft, level } });
      if (level === null) kept.delete(composeId);
      else kept.set(composeId, { level, draft });
      setChosen({ key, filing });
      setFailure(null);
      if (before && JSON.stringify(before.draft) !== key) await server('choice', { body: { ...before.draft, level: null } });
    } catch (error) {
      setFailure(failureOf(error));
    }
  }

  const found = situation?.filing;
  useEffect(() => {
    if (!found) return;
    const mine = kept.get(composeId);
    if (found.choice) kept.set(composeId, { level: found.choice.level, draft });
    else if (mine && found.levels.length) void choose(mine.level);
  }, [found]);

  if (!found) return null;
  return { filing: chosen?.key === key ? chosen.filing : found, failure, choose: (level) => void choose(level) };
}

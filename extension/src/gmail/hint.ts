// What the watcher in the page's own world says, or whoever forges it: taken apart by shape, and not without end.
import { draftIdIn, hexIdIn, recipientsIn } from './ids';
import type { SentMail } from './traffic';

const LONGEST = 60_000;
const MOST_A_MINUTE = 20;

export function hintOf(detail: unknown): SentMail | null {
  if (typeof detail !== 'string' || detail.length > LONGEST) return null;
  let said: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(detail);
    if (typeof parsed !== 'object' || parsed === null) return null;
    said = parsed as Record<string, unknown>;
  } catch {
    return null;
  }
  const draftId = draftIdIn(said['draftId']);
  const gmailMessageId = hexIdIn(said['gmailMessageId']);
  if (!draftId || !gmailMessageId) return null;
  return { draftId, gmailMessageId, gmailThreadId: hexIdIn(said['gmailThreadId']), recipients: recipientsIn(said['recipients']) };
}

// True as often as may be in a minute.
export function minuteLimit(most = MOST_A_MINUTE, now = Date.now): () => boolean {
  const taken: number[] = [];
  return () => {
    while (taken.length && now() - (taken[0] as number) > 60_000) taken.shift();
    if (taken.length >= most) return false;
    taken.push(now());
    return true;
  };
}

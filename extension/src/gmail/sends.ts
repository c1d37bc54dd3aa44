// Notices that a mail leaves, by what the person does and what becomes of the compose: no traffic need be known for it.
import { HINT } from './channel';
import { composeAround, composes, draftIdOf, recipientsOf, seen, type Compose } from './compose';
import { isShown } from './find';
import { hintOf, minuteLimit } from './hint';
import { PARTS, type PartName } from './selectors';
import type { LeftState, Noticed } from './shapes';

// From Send until the compose is gone; longer, and it was something else that closed it.
const SENDS_WITHIN_MS = 15_000;
// Choosing a time takes a person a while.
const SCHEDULES_WITHIN_MS = 180_000;
// Gmail offers Undo for 30 seconds at most.
const COMES_BACK_WITHIN_MS = 60_000;
const UNDOES_WITHIN_MS = 10_000;
const PAUSE_MS = 100;

interface Pending {
  readonly compose: Compose;
  readonly noticed: Noticed;
  readonly untilMs: number;
}

interface Gone {
  readonly noticed: Noticed;
  readonly untilMs: number;
}

export function watchSends(page: Document, tell: (noticed: Noticed) => void): () => void {
  const pending = new Map<string, Pending>();
  let gone: Gone[] = [];
  let last: Compose | null = null;
  let undoneAtMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const mayHint = minuteLimit();

  function begin(compose: Compose, state: LeftState, withinMs: number): void {
    const leftAtMs = Date.now();
    const noticed: Noticed = {
      composeId: compose.id,
      draftId: draftIdOf(compose),
      gmailMessageId: pending.get(compose.id)?.noticed.gmailMessageId ?? null,
      gmailThreadId: seen(compose).threadId,
      recipients: recipientsOf(compose),
      leftAtMs,
      state,
    };
    pending.set(compose.id, { compose, noticed, untilMs: leftAtMs + withinMs });
    follow();
  }

  function check(): void {
    timer = undefined;
    const now = Date.now();
    for (const [id, { compose, noticed, untilMs }] of pending) {
      if (!isShown(compose.body)) leave(id, noticed);
      else if (now > untilMs) pending.delete(id);
    }
    gone = gone.filter(({ untilMs }) => now <= untilMs);
    const open = gone.length ? composes(page).filter(({ id, body }) => !pending.has(id) && isShown(body)) : [];
    for (const one of gone) {
      if (!open.some((compose) => isSame(compose, one.noticed))) continue;
      gone = gone.filter((other) => other !== one);
      tell({ ...one.noticed, state: 'taken_back' });
    }
    if (!pending.size && !gone.length) observer.disconnect();
  }

  function leave(id: string, noticed: Noticed): void {
    pending.delete(id);
    gone.push({ noticed, untilMs: Date.now() + COMES_BACK_WITHIN_MS });
    // Of a mail that leaves later, the moment is the one of putting it off.
    tell(noticed.state === 'scheduled' ? { ...noticed, leftAtMs: Date.now() } : noticed);
  }

  // By Gmail's number of the draft; without one, by its people after Undo was pressed.
  function isSame(compose: Compose, noticed: Noticed): boolean {
    if (noticed.draftId) return draftIdOf(compose) === noticed.draftId;
    const isUndone = Date.now() - undoneAtMs < UNDOES_WITHIN_MS;
    return isUndone && noticed.recipients !== null && JSON.stringify(recipientsOf(compose)) === JSON.stringify(noticed.recipients);
  }

  const observer = new MutationObserver(() => {
    // At once while a mail may leave: a window of its own closes with it, and what is said then is heard by nobody.
    if (pending.size) check();
    else timer ??= setTimeout(check, PAUSE_MS);
  });
  function follow(): void {
    observer.observe(page, { childList: true, subtree: true, attributes: true, attributeFilter: ['style', 'class', 'hidden'] });
    timer ??= setTimeout(check, PAUSE_MS);
  }

  // Only what the person does: a page can send anything but a trusted event.
  function onDeed(event: Event): void {
    const target = event.target;
    if (!event.isTrusted || !(target instanceof Element)) return;
    const compose = composeAround(page, target);
    if (compose) {
      last = compose;
      if (isSend(event, target)) begin(compose, 'left', SENDS_WITHIN_MS);
      // Somebody who goes on in the mail has not sent it.
      else if (!isPress(event) || !isOn(target, 'send')) pending.delete(compose.id);
    } else if (event.type !== 'keydown' && isOn(target, 'schedule') && last && isShown(last.body)) {
      begin(last, 'scheduled', SCHEDULES_WITHIN_MS);
    } else if (isOn(target, 'undo_send')) {
      undoneAtMs = Date.now();
    }
  }

  function onHint(event: Event): void {
    if (!mayHint()) return;
    const hint = hintOf((event as CustomEvent<unknown>).detail);
    if (!hint) return;
    const ids = { gmailMessageId: hint.gmailMessageId, gmailThreadId: hint.gmailThreadId };
    for (const [id, one] of pending) {
      if (one.noticed.draftId !== hint.draftId) continue;
      pending.set(id, { ...one, noticed: { ...one.noticed, ...ids } });
      return;
    }
    tell({ composeId: null, draftId: hint.draftId, ...ids, recipients: hint.recipients, leftAtMs: Date.now(), state: 'left' });
  }

  // A window of its own closes with its mail.
  function onPageHide(): void {
    for (const [id, { noticed, untilMs }] of pending) {
      if (noticed.state === 'left' && Date.now() <= untilMs) leave(id, noticed);
    }
  }

  const deeds = ['mousedown', 'mouseup', 'click', 'keydown'];
  for (const name of deeds) page.addEventListener(name, onDeed, true);
  page.addEventListener(HINT, onHint);
  page.defaultView?.addEventListener('pagehide', onPageHide);
  return () => {
    clearTimeout(timer);
    observer.disconnect();
    for (const name of deeds) page.removeEventListener(name, onDeed, true);
    page.removeEventListener(HINT, onHint);
    page.defaultView?.removeEventListener('pagehide', onPageHide);
  };
}

function isOn(target: Element, part: PartName): boolean {
  return Object.values<string>(PARTS[part].variants).some((selector) => target.closest(selector) !== null);
}

const isPress = (event: Event): boolean => event.type === 'mousedown';

// Gmail's buttons act as the mouse is let go, which is before the click.
function isSend(event: Event, target: Element): boolean {
  if (event.type === 'keydown') {
    const { key, ctrlKey, metaKey } = event as KeyboardEvent;
    if (key === 'Enter' && (ctrlKey || metaKey)) return true;
    return (key === 'Enter' || key === ' ') && isOn(target, 'send');
  }
  const isLetGo = event.type === 'click' || (event.type === 'mouseup' && (event as MouseEvent).button === 0);
  return isLetGo && isOn(target, 'send');
}

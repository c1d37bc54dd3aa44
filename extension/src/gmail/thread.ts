// The conversation that is being read. Each part that is missing is missing alone.
import { countMiss, find, findAll, findEvery, isShown } from './find';
import { addressOrNull, hexIdIn } from './ids';
import type { Person, ThreadSeen } from './shapes';

const MOST_PEOPLE = 100;
const LONGEST = 500;

export function threadOf(page: Document): ThreadSeen | null {
  const head = headOf(page);
  if (!head) {
    if (findAll(page, 'message').some(isShown)) countMiss('thread');
    return null;
  }
  const threadId = idOf(head);
  if (!threadId) {
    // A conversation that Gmail's server has not named yet.
    return null;
  }
  const around = head.closest('[role="main"]') ?? page;
  const messages = findAll(around, 'message').filter(isShown);
  if (!messages.length) countMiss('message');
  return {
    threadId,
    messageId: hexIdIn(messages.at(-1)?.getAttribute('data-legacy-message-id')),
    subject: head.tagName === 'H2' ? (head.textContent ?? '').trim().slice(0, LONGEST) || null : null,
    people: peopleOf(around),
  };
}

export function threadIdIn(page: Document): string | null {
  const head = headOf(page);
  return head && idOf(head);
}

function headOf(page: Document): Element | null {
  return findEvery(page, 'thread').find(isShown) ?? null;
}

// "thread-f:" is followed by the same number in decimal; "thread-a:" by one that is Gmail's page's own.
function idOf(head: Element): string | null {
  const said = hexIdIn(head.getAttribute('data-legacy-thread-id'));
  if (said) return said;
  const long = /^#?thread-f:(\d{1,20})/.exec(head.getAttribute('data-thread-perm-id') ?? '')?.[1];
  return long ? hexIdIn(BigInt(long).toString(16)) : null;
}

function peopleOf(around: ParentNode): Person[] {
  const found = new Map<string, Person>();
  for (const one of findAll(around, 'person').filter(isShown)) {
    const email = addressOrNull(one.getAttribute('email'));
    if (!email || found.size >= MOST_PEOPLE) continue;
    const name = (one.getAttribute('name') ?? '').trim().slice(0, LONGEST);
    if (!found.get(email)?.name) found.set(email, { email, name: name.toLowerCase() === email ? '' : name });
  }
  if (!found.size && !find(around, 'person')) countMiss('person');
  return [...found.values()];
}

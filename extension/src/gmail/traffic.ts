// Reads ids out of what Gmail's page and its server say to each other as a mail leaves. Places were learnt from what
// others saw from 2018 to 2025: lists since 2022, objects named "1", "2", … before. What does not fit says nothing.
import { addressOrNull, draftIdIn, hexIdIn } from './ids';
import { DRAFT, LEAVING } from './selectors';
import type { Recipients } from './shapes';

export interface SentMail {
  readonly draftId: string;
  readonly gmailMessageId: string;
  readonly gmailThreadId: string | null;
  readonly recipients: Recipients | null;
}

const MOST_NODES = 200_000;
const DEEPEST = 40;

// Places in a message: its number, to, cc, bcc, labels, Gmail's id.
const AT = { id: 0, to: 2, cc: 3, bcc: 4, labels: 10, hex: 55 };
// In a conversation: its messages, Gmail's id.
const MESSAGES = 4;
const THREAD_HEX = 19;

function at(node: unknown, place: number): unknown {
  if (Array.isArray(node)) return node[place];
  return typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[String(place + 1)] : undefined;
}

function listOf(node: unknown): unknown[] {
  if (Array.isArray(node)) return node;
  return typeof node === 'object' && node !== null ? Object.values(node) : [];
}

// Every list and object in it, the whole first, with what holds its holder.
function* nodesIn(whole: unknown): Generator<{ node: object; above: object | null }> {
  let rest = MOST_NODES;
  const stack: { node: object; parent: object | null; above: object | null; depth: number }[] = [];
  if (typeof whole === 'object' && whole !== null) stack.push({ node: whole, parent: null, above: null, depth: 0 });
  for (let next = stack.pop(); next && rest > 0; next = stack.pop(), rest -= 1) {
    const { node, parent, above, depth } = next;
    yield { node, above };
    if (depth >= DEEPEST) continue;
    for (const child of Object.values(node)) {
      if (typeof child === 'object' && child !== null) stack.push({ node: child, parent: node, above: parent, depth: depth + 1 });
    }
  }
}

function isLeaving(message: object): boolean {
  const labels = listOf(at(message, AT.labels));
  return labels.includes(LEAVING) && !labels.includes(DRAFT);
}

// The drafts that a request asks the server to send.
export function askedToSend(request: unknown): string[] {
  const found = new Set<string>();
  for (const { node } of nodesIn(request)) {
    const draftId = draftIdIn(at(node, AT.id));
    if (draftId && isLeaving(node)) found.add(draftId);
  }
  return [...found];
}

// Of these drafts, those that an answer says have left. Older mails of a conversation carry the same labels.
export function sentIn(answer: unknown, asked: ReadonlySet<string>): SentMail[] {
  const found = new Map<string, SentMail>();
  for (const { node, above } of nodesIn(answer)) {
    const draftId = draftIdIn(at(node, AT.id));
    const gmailMessageId = hexIdIn(at(node, AT.hex));
    if (!draftId || !gmailMessageId || !asked.has(draftId) || !isLeaving(node)) continue;
    const isInThread = listOf(at(above, MESSAGES)).includes(node);
    found.set(draftId, {
      draftId,
      gmailMessageId,
      gmailThreadId: isInThread ? hexIdIn(at(above, THREAD_HEX)) : null,
      recipients: peopleOf(node),
    });
  }
  return [...found.values()];
}

function peopleOf(message: object): Recipients | null {
  const read = (place: number) => listOf(at(message, place)).map((one) => addressOrNull(at(one, 1)));
  const [to, cc, bcc] = [read(AT.to), read(AT.cc), read(AT.bcc)];
  if (!to.length && !cc.length && !bcc.length) return null;
  const whole = [...to, ...cc, ...bcc].every((one) => one !== null);
  return whole ? ({ to, cc, bcc } as Recipients) : null;
}

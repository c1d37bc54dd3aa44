// The mails that are being written on a Gmail page.
import { addressIn } from './account';
import { around, countMiss, find, findEvery } from './find';
import { draftIdIn, hexIdIn } from './ids';
import {
  NOT_WRITTEN,
  OLD_RECIPIENT_CELL,
  OLD_RECIPIENT_CHIP,
  OWN_WINDOW,
  RECIPIENT_FORMS,
  RECIPIENT_KINDS,
  type RecipientKind,
} from './selectors';
import type { ComposeKind, ComposeSeen, Recipients } from './shapes';
import { threadIdIn } from './thread';

export interface Compose {
  readonly id: string;
  readonly root: Element;
  readonly body: HTMLElement;
}

// An id lives as long as the element it names, in this page alone: what was meant for another page finds nothing.
const ids = new WeakMap<Element, string>();

function idOf(body: Element): string {
  const known = ids.get(body);
  if (known) return known;
  const id = crypto.randomUUID();
  ids.set(body, id);
  return id;
}

export function composes(page: Document): Compose[] {
  const found: Compose[] = [];
  for (const body of findEvery(page, 'body')) {
    const root = around(body, 'compose');
    if (root) found.push({ id: idOf(body), root: root.element, body: body as HTMLElement });
    else countMiss('compose');
  }
  return found;
}

export function composeById(page: Document, id: string): Compose | null {
  return composes(page).find((one) => one.id === id) ?? null;
}

export function seen(compose: Compose): ComposeSeen {
  const subject = subjectOf(compose);
  return {
    id: compose.id,
    kind: kindOf(compose),
    recipients: recipientsOf(compose),
    subject: subject?.value ?? null,
    threadId: threadIdOf(compose),
    isPlainText: isPlainText(compose),
    hasSignature: find(compose.body, 'signature') !== null,
    isEmpty: isEmpty(compose.body),
  };
}

function kindOf({ body }: Compose): ComposeKind {
  if (OWN_WINDOW.test(body.ownerDocument.location?.search ?? '')) return 'pop_out';
  if (around(body, 'full_screen')) return 'full_screen';
  return around(body, 'inline') ? 'inline' : 'popup';
}

// The compose that a click or a key was in.
export function composeAround(page: Document, target: Node): Compose | null {
  return composes(page).find((one) => one.root.contains(target)) ?? null;
}

// Gmail's own number of it, which stays when the compose is opened again.
export function draftIdOf({ root }: Compose): string | null {
  return draftIdIn((find(root, 'draft')?.element as HTMLInputElement | undefined)?.value);
}

// A reply below a mail answers the conversation that it stands in.
function threadIdOf(compose: Compose): string | null {
  const said = hexIdIn((find(compose.root, 'answered')?.element as HTMLInputElement | undefined)?.value);
  if (said || kindOf(compose) !== 'inline') return said;
  return threadIdIn(compose.body.ownerDocument);
}

export function subjectOf({ root }: Compose): HTMLInputElement | null {
  return (find(root, 'subject')?.element as HTMLInputElement | undefined) ?? null;
}

export function isPlainText(compose: Compose): boolean {
  return find(compose.root, 'plain_text') !== null;
}

function isEmpty(body: HTMLElement): boolean {
  if (body instanceof HTMLTextAreaElement) return body.value.trim() === '';
  const copy = body.cloneNode(true) as HTMLElement;
  for (const part of copy.querySelectorAll(NOT_WRITTEN)) part.remove();
  return (copy.textContent ?? '').trim() === '';
}

// The first form that has a field for "to" is the form that this compose has.
export function recipientsOf({ root }: Compose): Recipients | null {
  for (const form of RECIPIENT_FORMS) {
    const fields = (kind: RecipientKind) => [...root.querySelectorAll(form.field(kind))];
    if (!fields('to').length) continue;
    const read = (kind: RecipientKind) => [
      ...new Set(fields(kind).flatMap((field) => (form.chips ? newForm(field, form.chips) : oldForm(field)))),
    ];
    const [to, cc, bcc] = RECIPIENT_KINDS.map(read) as [string[], string[], string[]];
    return { to, cc, bcc };
  }
  countMiss('recipients');
  return null;
}

function newForm(field: Element, chips: string): string[] {
  return addresses([...field.querySelectorAll(chips)].map((chip) => chip.getAttribute('data-hovercard-id') ?? ''));
}

function oldForm(field: Element): string[] {
  const cell = field.parentElement?.closest(OLD_RECIPIENT_CELL);
  const chips = [...(cell?.querySelectorAll(OLD_RECIPIENT_CHIP) ?? [])].map((chip) => chip.getAttribute('email') ?? '');
  const typed = (field as HTMLTextAreaElement).value.split(/[,;]/);
  return addresses([...chips, ...typed]);
}

function addresses(texts: string[]): string[] {
  return texts.map(addressIn).filter((one): one is string => one !== null);
}

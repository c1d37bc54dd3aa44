// Puts a text into a mail that is being written: before the signature, never instead of anything.
import { failed } from '../failures';
import { cleaned } from './clean';
import { isPlainText, subjectOf, type Compose } from './compose';
import { countMiss, findAll } from './find';
import type { InsertAsked, Inserted } from './shapes';
import { rememberCommand, rememberRange, rememberText } from './undo';

// Chrome's command takes about the square of the length: this much stays far below a second.
const LONGEST_FOR_COMMAND = 20_000;
const MARK = 'data-rapport-insert';

const changed = () =>
  failed('gmail_changed', 'Gmail did not take the text.', 'Copy it from the panel. Your mail is as it was.');

export function insert(compose: Compose, ask: InsertAsked): Inserted {
  const insertId = crypto.randomUUID();
  const way = isPlainText(compose) ? insertText(compose, ask.text, insertId) : insertHtml(compose, ask.html, insertId);
  return { insertId, way, wroteSubject: ask.subject !== null && writeSubject(compose, ask.subject) };
}

// Only into one that is visible and empty.
function writeSubject(compose: Compose, text: string): boolean {
  const field = subjectOf(compose);
  if (!field || field.value !== '' || !field.checkVisibility()) return false;
  field.value = text.replace(/\s+/g, ' ').trim();
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
  return true;
}

function insertText({ body }: Compose, whole: string, insertId: string): 'text' {
  // A line break at its end would be an empty line in the mail.
  const text = whole.replace(/\n+$/, '');
  if (body instanceof HTMLTextAreaElement) {
    const before = body.value;
    const signature = before.search(/^-- ?$/m);
    const at = signature < 0 ? before.length : signature;
    body.setRangeText(signature < 0 ? text : `${text}\n`, at, at, 'end');
    body.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
    rememberText(insertId, body, before);
    return 'text';
  }
  const before = body.innerHTML;
  const children = [...body.childNodes];
  const signature = children.findIndex((child) => /^\s*-- ?(\n|$)/.test(child.textContent ?? ''));
  const place = document.createRange();
  place.setStart(body, signature < 0 ? children.length : signature);
  select(body, place);
  const lines = signature < 0 ? text : `${text}\n`;
  if (!document.execCommand('insertText', false, lines) || body.innerHTML === before) throw changed();
  rememberCommand(insertId, body);
  return 'text';
}

function insertHtml({ body }: Compose, html: string, insertId: string): 'command' | 'range' {
  const roots = rootsOf(html);
  if (!roots.length) throw failed('refused', 'There is nothing to insert.', 'Choose another text.');
  for (const root of roots) root.setAttribute(MARK, insertId);
  const before = body.innerHTML;
  if (html.length <= LONGEST_FOR_COMMAND && byCommand(body, roots, insertId, before)) return 'command';
  byRange(body, roots, insertId);
  return 'range';
}

function rootsOf(html: string): HTMLElement[] {
  const clean = cleaned(html, (text) => new DOMParser().parseFromString(text, 'text/html'));
  const roots: HTMLElement[] = [];
  for (const node of [...clean.childNodes]) {
    if (node instanceof HTMLElement) roots.push(node);
    else if (node.textContent?.trim()) {
      const line = clean.ownerDocument.createElement('div');
      line.textContent = node.textContent;
      roots.push(line);
    }
  }
  return roots;
}

// Chrome takes the text into its own list of things to undo. It may drop or unwrap what it thinks is of no use, so
// what arrived is compared with what was sent; if it is not all there, it is taken back.
function byCommand(body: HTMLElement, roots: HTMLElement[], insertId: string, before: string): boolean {
  const place = placeForCommand(body);
  if (!place) return false;
  const kept = stopsOf(body).map((stop) => stop.outerHTML);
  select(body, place.range);
  const html = place.lead + roots.map((root) => root.outerHTML).join('');
  const said = document.execCommand('insertHTML', false, html);
  const arrived = [...body.querySelectorAll<HTMLElement>(`[${MARK}="${insertId}"]`)];
  const isWhole =
    said &&
    JSON.stringify(stopsOf(body).map((stop) => stop.outerHTML)) === JSON.stringify(kept) &&
    arrived.length === roots.length &&
    arrived.every((one, at) => one.tagName === roots[at]?.tagName && one.textContent === roots[at]?.textContent);
  if (!isWhole) {
    countMiss('body');
    if (body.innerHTML !== before) document.execCommand('undo');
    if (body.innerHTML !== before) throw changed();
    return false;
  }
  arrived.forEach((one, at) => {
    const style = roots[at]?.getAttribute('style');
    if (style && one.getAttribute('style') !== style) one.setAttribute('style', style);
    one.removeAttribute(MARK);
  });
  rememberCommand(insertId, body);
  return true;
}

function byRange(body: HTMLElement, roots: HTMLElement[], insertId: string): void {
  const range = placeIn(body);
  const nodes = roots.map((root) => document.importNode(root, true));
  // The caret goes to the end of what was inserted. Behind it, Chrome would take it into the signature; in a table, it
  // would be in a cell.
  if (!['P', 'DIV'].includes(nodes.at(-1)?.tagName ?? '')) {
    const line = document.createElement('div');
    line.append(document.createElement('br'));
    nodes.push(line);
  }
  const fragment = document.createDocumentFragment();
  for (const node of nodes) {
    node.removeAttribute(MARK);
    fragment.append(node);
  }
  const next = range.startContainer.childNodes[range.startOffset] ?? null;
  body.insertBefore(fragment, next);
  const after = document.createRange();
  after.selectNodeContents(nodes[nodes.length - 1] as Node);
  select(body, after, nodes.length === roots.length);
  body.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }));
  rememberRange(insertId, body, nodes);
}

function stopsOf(body: HTMLElement): Element[] {
  return [...findAll(body, 'signature'), ...findAll(body, 'quote')];
}

// Before the first child of the body that is, or holds, the signature or the mail that is answered; else at the end.
function placeIn(body: HTMLElement): Range {
  const stops = stopsOf(body);
  const children = [...body.childNodes];
  const first = children.findIndex((child) => stops.some((stop) => child.contains(stop)));
  const range = document.createRange();
  range.setStart(body, first < 0 ? children.length : first);
  return range;
}

// Where Chrome leaves blocks whole: in a line that is empty, or behind one that is not with an empty line between.
// Between two lines it would put them into the next one, which may be the signature. null: no such place.
function placeForCommand(body: HTMLElement): { range: Range; lead: string } | null {
  const range = placeIn(body);
  const before = body.childNodes[range.startOffset - 1];
  if (!before) return body.childNodes.length === 0 ? { range, lead: '' } : null;
  if (!(before instanceof HTMLElement) || !['DIV', 'P'].includes(before.tagName)) return null;
  const isEmpty = (before.textContent ?? '') === '';
  range.selectNodeContents(before);
  range.collapse(isEmpty);
  return { range, lead: isEmpty ? '' : '<div><br></div>' };
}

function select(body: HTMLElement, range: Range, isAtEnd = false): void {
  body.focus({ preventScroll: true });
  range.collapse(!isAtEnd);
  const selection = document.getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}

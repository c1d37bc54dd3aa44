import { parseHTML } from 'linkedom';
import { describe, expect, it, vi } from 'vitest';

import { composes, seen } from '../src/gmail/compose';
import { takeMisses } from '../src/gmail/find';
import { threadOf } from '../src/gmail/thread';
import { askedToSend, sentIn } from '../src/gmail/traffic';

const page = (html: string): Document => parseHTML(`<!doctype html><html><head></head><body>${html}</body></html>`).document as unknown as Document;
const HEX = '19a1b2c3d4e5f607';
const DRAFT = 'msg-a:r-12';
const SENT = ['^all', '^f', '^pfg'];

function message(id: string, labels: string[], hex: string | null = HEX, to: unknown = [[1, 'Jean@Customer.example', 'Jean']]): unknown[] {
  const made: unknown[] = Array(56).fill(null);
  [made[0], made[2], made[10], made[55]] = [id, to, labels, hex];
  return made;
}

function answer(...messages: unknown[][]): unknown {
  const inner: unknown[] = Array(20).fill(null);
  [inner[4], inner[19]] = [messages, HEX];
  return [null, [null, null, null, null, null, [[['thread-a:r1', null, [null, null, null, null, null, null, [inner]]]]]]];
}

describe('traffic of a mail that leaves', () => {
  it('names the draft that is sent, and none that is kept', () => {
    const request = (labels: string[]) => [null, [[['43', ['thread-a:r1', [null, [message(DRAFT, labels, null)]]]]]]];
    expect(askedToSend(request([...SENT, '^f_btns']))).toEqual([DRAFT]);
    expect(askedToSend(request(['^all', '^r', '^r_bt']))).toEqual([]);
    expect(askedToSend({ 2: { 1: [{ 2: { 2: { 14: { 1: { 1: DRAFT, 11: SENT } } } } }] } })).toEqual([DRAFT]);
  });

  it('gives the ids of that draft alone, not of older mails of the conversation', () => {
    const said = answer(message('msg-a:r7', SENT, '1111111111111111'), message(DRAFT, SENT));
    const recipients = { to: ['jean@customer.example'], cc: [], bcc: [] };
    expect(sentIn(said, new Set([DRAFT]))).toEqual([{ draftId: DRAFT, gmailMessageId: HEX, gmailThreadId: HEX, recipients }]);
    expect(sentIn(said, new Set(['msg-a:r9']))).toEqual([]);
  });

  it('that is in another form says what it can, and else nothing', () => {
    const asked = new Set([DRAFT]);
    expect(sentIn([message(DRAFT, SENT)], asked)).toMatchObject([{ gmailMessageId: HEX, gmailThreadId: null }]);
    expect(sentIn(answer(message(DRAFT, SENT, HEX, [[1, 'not an address']])), asked)).toMatchObject([{ recipients: null }]);
    for (const odd of [null, 3, 'x', [], {}, answer(message(DRAFT, ['^r', '^pfg'])), answer(message(DRAFT, SENT, 'XYZ')), answer(message(DRAFT, SENT, null))]) {
      expect(sentIn(odd, asked)).toEqual([]);
    }
  });

  it('is not followed without end', () => {
    let deep: unknown = message(DRAFT, SENT);
    for (let at = 0; at < 1000; at += 1) deep = [deep];
    expect(sentIn(deep, new Set([DRAFT]))).toEqual([]);
  });
});

describe('a conversation', () => {
  const mails = `<div data-message-id="#msg-f:1" data-legacy-message-id="${HEX}"><span class="gD" email="Jean@Customer.example" name="Jean"></span>
    <span class="g2" email="alice@rapport.example" name="me"></span></div>`;
  const open = (head: string, rest = mails) => threadOf(page(`<div role="main">${head}${rest}</div>`));

  it('is read by each form of its heading', () => {
    const found = { threadId: HEX, messageId: HEX, subject: 'Hello', people: [{ email: 'jean@customer.example', name: 'Jean' }, { email: 'alice@rapport.example', name: 'me' }] };
    expect(open(`<h2 data-legacy-thread-id="${HEX}">Hello</h2>`)).toEqual(found);
    expect(open(`<h2 data-thread-perm-id="thread-f:${BigInt(`0x${HEX}`)}">Hello</h2>`)).toEqual(found);
    expect(open('', `<div data-legacy-thread-id="${HEX}">${mails}</div>`)).toEqual({ ...found, subject: null });
  });

  it('loses only the part that is gone', () => {
    const head = `<h2 data-legacy-thread-id="${HEX}">Hello</h2>`;
    takeMisses();
    expect(open(head, '<span email="jean@customer.example" name="Jean"></span>')).toMatchObject({ messageId: null, people: [{ name: 'Jean' }] });
    expect(open(head, '<p data-legacy-message-id="1"></p>')).toMatchObject({ threadId: HEX, messageId: null, people: [] });
    expect(open('<h2 data-thread-perm-id="thread-a:r1">New</h2>')).toBeNull();
    expect(open('<h2>Hello</h2>')).toBeNull();
    expect(takeMisses()).toEqual([
      { part: 'message', count: 1 },
      { part: 'person', count: 1 },
      { part: 'thread', count: 1 },
    ]);
    expect(takeMisses()).toEqual([]);
  });
});

it('a reply says which conversation it is for, and one below a mail knows it by where it stands', () => {
  const compose = (lts: string) =>
    `<div class="ip adB"><div class="M9"><input type="hidden" name="lts" value="${lts}"><div class="Ap"><div g_editable="true"></div></div></div></div>`;
  vi.stubGlobal('HTMLTextAreaElement', class {}); // of a browser; no page of this test has one
  const threadIdOf = (html: string) => composes(page(html)).map((one) => seen(one).threadId);
  const head = `<div role="main"><h2 data-legacy-thread-id="${HEX}">Hello</h2></div>`;
  expect(threadIdOf(compose('1111111111111111'))).toEqual(['1111111111111111']);
  expect(threadIdOf(head + compose(''))).toEqual([HEX]);
  expect(threadIdOf(compose('undefined'))).toEqual([null]);
  expect(threadIdOf(`${head}<div role="dialog">${compose('').replaceAll(/<.?div class="(ip adB|M9)">/g, '<div>')}</div>`)).toEqual([null]);
});

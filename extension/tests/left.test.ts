import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeBrowser } from 'wxt/testing';

import { hintOf, minuteLimit } from '../src/gmail/hint';
import { recipientsIn } from '../src/gmail/ids';
import type { Noticed } from '../src/gmail/shapes';
import { documentIn } from '../src/worker/bring';
import { checked, forgetLeft, keep, left, leftSeen, merged } from '../src/worker/left';
import { tellMisses } from '../src/worker/misses';
import type { Me } from '../src/messages';

const ALICE = 'alice@rapport.example';
const me = { email: ALICE } as Me;
const JEAN = { to: ['jean@customer.example'], cc: [], bcc: [] };
const pressed = (changes: Partial<Noticed> = {}): Noticed => ({
  composeId: '76380346-b3f8-47aa-b259-92b1dfcb0c3d',
  draftId: null,
  gmailMessageId: null,
  gmailThreadId: null,
  recipients: JEAN,
  leftAtMs: Date.now(),
  state: 'left',
  ...changes,
});
const traffic = (changes: Partial<Noticed> = {}): Noticed =>
  pressed({ composeId: null, draftId: 'msg-a:r-12', gmailMessageId: '19a1b2c3d4e5f607', gmailThreadId: '19a1b2c3d4e5f600', ...changes });

// The Web Locks of a browser, for one holder: Node 20 has none.
const turns = new Map<string, Promise<unknown>>();
function request<T>(name: string, deed: () => Promise<T>): Promise<T> {
  const turn = (turns.get(name) ?? Promise.resolve()).then(deed, deed);
  turns.set(name, turn.catch(() => undefined));
  return turn;
}

beforeEach(async () => {
  fakeBrowser.reset();
  vi.stubGlobal('navigator', { locks: { request } });
  const device = { server: 'https://r.example', refreshToken: 'r', isRefreshing: false, isEnding: false, ended: null };
  await fakeBrowser.storage.local.set({ device });
  await fakeBrowser.storage.session.set({ access: { token: 't', expiresAtMs: Date.now() + 600_000 } });
});

describe('a mail that left', () => {
  const one = (all: readonly Noticed[]) => all.reduce<ReturnType<typeof merged>>((kept, next) => merged(kept ?? [], ALICE, next) ?? kept, []) ?? [];

  it.each([
    ['click, then traffic', [pressed(), traffic()]],
    ['traffic, then click', [traffic(), pressed()]],
    ['by its draft, with people that differ', [pressed({ draftId: 'msg-a:r-12', recipients: null }), traffic()]],
    ['traffic twice', [traffic(), traffic()]],
  ])('is one: %s', (_name, all) => {
    const [found, ...more] = one(all);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ state: 'left', gmailMessageId: '19a1b2c3d4e5f607', recipients: JEAN });
  });

  it.each([
    ['to others', [pressed(), traffic({ recipients: { ...JEAN, cc: ['tom@helios.example'] } })]],
    ['of another draft', [pressed({ draftId: 'msg-a:r-13' }), traffic()]],
    ['minutes apart', [pressed({ leftAtMs: Date.now() - 120_000 }), traffic()]],
    ['of unknown people', [pressed({ recipients: null }), traffic({ recipients: null })]],
  ])('is another: %s', (_name, all) => expect(one(all)).toHaveLength(2));

  it('that was put off stays so, whatever traffic says', () => {
    for (const all of [
      [pressed({ state: 'scheduled', draftId: 'msg-a:r-12' }), traffic()],
      [traffic(), pressed({ state: 'scheduled', draftId: 'msg-a:r-12' })],
    ]) {
      expect(one(all).map(({ state }) => state)).toEqual(['scheduled']);
    }
  });

  it('that was taken back stays so, until it is sent again', () => {
    const draftId = 'msg-a:r-12';
    const back = [pressed({ draftId }), pressed({ draftId, state: 'taken_back' }), traffic()];
    expect(one(back).map(({ state }) => state)).toEqual(['taken_back']);
    expect(one([...back, pressed({ draftId })]).map(({ state }) => state)).toEqual(['taken_back', 'left']);
    expect(one([pressed({ state: 'taken_back' })])).toEqual([]);
  });

  it('is told until it was seen, and again when more is known', async () => {
    await keep({ account: ALICE, noticed: pressed() }, me);
    const [found] = await left(me);
    await leftSeen([found?.id ?? '']);
    expect(await left(me)).toEqual([]);
    await keep({ account: ALICE, noticed: traffic() }, me);
    expect(await left(me)).toMatchObject([{ id: found?.id, gmailMessageId: '19a1b2c3d4e5f607' }]);
    await keep({ account: ALICE, noticed: traffic() }, me);
    await forgetLeft();
    expect(await left(me)).toEqual([]);
  });

  it('of somebody else, or of somebody who is signed out, is not kept', async () => {
    await keep({ account: 'bob@rapport.example', noticed: pressed() }, me);
    await keep({ account: 'bob@rapport.example', noticed: pressed() }, null);
    expect(await left(me)).toEqual([]);
    expect(await fakeBrowser.storage.session.get('left')).toEqual({ left: [] });
    await fakeBrowser.storage.local.remove('device');
    await keep({ account: ALICE, noticed: pressed() }, me);
    expect(await left(me)).toEqual([]);
  });

  it('never makes a list without end', async () => {
    for (let at = 0; at < 60; at += 1) await keep({ account: ALICE, noticed: pressed({ recipients: null, composeId: null }) }, me);
    expect(await left(me)).toHaveLength(30);
  });
});

describe('what a page says', () => {
  it.each([
    [null],
    [{}],
    [{ account: ALICE }],
    [{ account: 'nobody', noticed: pressed() }],
    [{ account: ALICE, noticed: { ...pressed(), state: 'logged' } }],
  ])('%j is nothing', (ask) => expect(checked(ask, 0)).toBeNull());

  it('loses all that is no id, no address and no moment', () => {
    const now = Date.now();
    const noticed = { composeId: '<b>', draftId: 'r1', gmailMessageId: '../x', gmailThreadId: 7, recipients: { to: ['<x>'], cc: [], bcc: [] }, leftAtMs: now + 1e9, state: 'left', more: 'x' };
    expect(checked({ account: ALICE.toUpperCase(), noticed }, now)).toEqual({
      account: ALICE,
      noticed: { composeId: null, draftId: null, gmailMessageId: null, gmailThreadId: null, recipients: null, leftAtMs: now, state: 'left' },
    });
  });

  it('as a hint needs both ids', () => {
    const good = { draftId: 'msg-a:r-1', gmailMessageId: '19a1b2c3d4e5f607', gmailThreadId: null, recipients: null };
    expect(hintOf(JSON.stringify(good))).toEqual(good);
    for (const bad of [3, '{', '"x"', 'null', '{}', JSON.stringify({ ...good, draftId: 'r-1' }), JSON.stringify({ ...good, gmailMessageId: 'X' })]) {
      expect(hintOf(bad)).toBeNull();
    }
    expect(recipientsIn({ to: Array(501).fill(ALICE), cc: [], bcc: [] })).toBeNull();
  });

  it('is heard so often in a minute, and no more', () => {
    let now = 0;
    const may = minuteLimit(2, () => now);
    expect([may(), may(), may()]).toEqual([true, true, false]);
    now = 60_001;
    expect(may()).toBe(true);
  });
});

describe('parts that were not found', () => {
  const answers: { url: string; body: unknown }[] = [];
  let status = 200;
  beforeEach(() => {
    answers.length = 0;
    vi.spyOn(fakeBrowser.runtime, 'getManifest').mockReturnValue({ manifest_version: 3, name: 'Rapport', version: '0.1.0' });
    status = 200;
    vi.stubGlobal('fetch', async (url: URL, init: RequestInit) => {
      answers.push({ url: url.href, body: JSON.parse(String(init.body)) });
      return status ? new Response('{}', { status }) : Promise.reject(new TypeError('line'));
    });
  });
  const missed = async () => [{ part: 'recipients', count: 3 }];
  const none = async () => [];
  const HOUR = 3600_000;

  it('are told once an hour, by name and count', async () => {
    await tellMisses(none, HOUR);
    expect(answers).toEqual([]);
    await tellMisses(missed, HOUR);
    await tellMisses(missed, HOUR + 1);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ url: 'https://r.example/api/v1/panel/misses', body: { misses: [{ part: 'recipients', count: 3 }] } });
    expect(Object.keys(answers[0]?.body as object).sort()).toEqual(['extension_version', 'misses', 'table_date']);
    await tellMisses(none, 3 * HOUR);
    expect(answers).toHaveLength(1);
  });

  it.each([0, 500])('are kept when the server does not take them (%s), and told with the next', async (bad) => {
    status = bad;
    await tellMisses(missed, HOUR);
    status = 200;
    await tellMisses(missed, 2 * HOUR + 1);
    expect(answers.at(-1)?.body).toMatchObject({ misses: [{ part: 'recipients', count: 6 }] });
  });

  it('are dropped when the server has no place for them', async () => {
    status = 404;
    await tellMisses(missed, HOUR);
    await tellMisses(missed, 2 * HOUR + 1);
    expect(answers.at(-1)?.body).toMatchObject({ misses: [{ part: 'recipients', count: 3 }] });
  });
});

describe('the document that may get scripts', () => {
  const page = { frameId: 0, documentId: 'D1', result: { isPrerendering: false, origin: 'https://mail.google.com' } };

  it('is the one that the tab shows', () => expect(documentIn([page])).toBe('D1'));

  it.each([
    ['one that Chrome only gets ready', { ...page, result: { ...page.result, isPrerendering: true } }],
    ['one that went elsewhere', { ...page, result: { ...page.result, origin: 'https://accounts.google.com' } }],
    ['one that says nothing', { ...page, result: null }],
    ['one without an id', { ...page, documentId: undefined }],
    ['a frame in it', { ...page, frameId: 7 }],
  ])('is not %s', (_name, other) => expect(documentIn([other])).toBeNull());
});

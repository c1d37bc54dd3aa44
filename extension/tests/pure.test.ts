import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';

import { accountOf, fromTitle } from '../src/gmail/account';
import { cleaned } from '../src/gmail/clean';
import { partsSeen } from '../src/gmail/find';
import { PARTS, TABLE_DATE } from '../src/gmail/selectors';
import { wordsOf } from '../src/panel/taskWords';
import { mismatch } from '../src/worker/gmail';
import type { Me } from '../src/messages';
import type { PageSeen } from '../src/gmail/shapes';

const page = (html: string): Document => parseHTML(`<!doctype html><html><head></head><body>${html}</body></html>`).document as unknown as Document;

describe('whose mailbox it is', () => {
  const link = (label: string) => `<a href="https://accounts.google.com/SignOutOptions?hl=en" aria-label="${label}"></a>`;

  it('stands in the title before the last part, and nowhere else', () => {
    expect(fromTitle('Inbox (3) - alice@rapport.example - Rapport Mail')).toBe('alice@rapport.example');
    expect(fromTitle('Ask - bob@rapport.example - today - alice@rapport.example - Rapport Mail')).toBe('alice@rapport.example');
    expect(fromTitle('Gmail')).toBeNull();
    expect(fromTitle('alice@rapport.example - Gmail')).toBeNull();
    expect(fromTitle('Inbox - to alice@rapport.example - Gmail')).toBeNull();
  });

  it('is read from the account button, where a name may look like an address', () => {
    const document = page(link('Google Account: eve@evil.example (Alice@rapport.example)'));
    expect(accountOf(document)).toBe('alice@rapport.example');
  });

  it('is not known when button and title contradict each other', () => {
    const document = page(link('Google Account: Alice (alice@rapport.example)'));
    document.title = 'Inbox - bob@rapport.example - Gmail';
    expect(accountOf(document)).toBeNull();
  });

  it('is compared without case, and not known is not the same', () => {
    const me = { email: 'Alice@Rapport.example' } as Me;
    const seen = (account: string | null): PageSeen => ({ account, thread: null, composes: [], parts: [], tableDate: '' });
    expect(mismatch(seen('alice@rapport.example'), me)).toBeNull();
    expect(mismatch(seen('bob@rapport.example'), me)?.failure.state).toBe('wrong_account');
    expect(mismatch(seen(null), me)?.failure.state).toBe('wrong_account');
  });
});

describe('HTML for an insert', () => {
  const clean = (html: string): string => cleaned(html, (text) => page(text)).innerHTML;

  it('loses all that could act', () => {
    for (const bad of [
      '<script>x()</script>',
      '<img src="javascript:x()" onerror="x()">',
      '<a href=" JaVaScRiPt:x()">y</a>',
      '<iframe src="https://evil.example"></iframe>',
      '<form action="https://evil.example"><input></form>',
      '<svg onload="x()"></svg>',
      '<style>@import "https://evil.example"</style>',
      '<a href="data:text/html,x">y</a>',
    ]) {
      expect(clean(bad)).not.toMatch(/script|onerror|onload|iframe|form|style|evil|data:text/i);
    }
  });

  it('keeps what a mail is made of', () => {
    const good = '<p style="color: red">Dear <b>Jean</b>, <a href="https://rapport.example/x">look</a></p>';
    expect(clean(good)).toBe(good);
  });
});

describe('the table of selectors', () => {
  it('carries a date, and each of its parts has words and variants', () => {
    expect(TABLE_DATE).toMatch(/^\d{4}-\d\d-\d\d$/);
    for (const part of Object.values(PARTS)) {
      expect(part.words).not.toBe('');
      expect(Object.keys(part.variants).length).toBeGreaterThan(0);
    }
  });

  it('calls a part missing only when it should be there now', () => {
    const states = Object.fromEntries(partsSeen(page('')).map((one) => [one.part, one.state]));
    expect(states['account_button']).toBe('missing');
    expect(states['body']).toBe('not_now');
    const writing = Object.fromEntries(partsSeen(page('<div class="Ap"><div g_editable="true"></div></div>')).map((one) => [one.part, one.state]));
    expect(writing['body']).toBe('found');
    expect(writing['compose']).toBe('missing');
    expect(writing['signature']).toBe('not_now');
  });
});

describe('how a task stands', () => {
  const task = { kind: 'email', due_on: null, state: 'open', reply: null } as unknown as Parameters<typeof wordsOf>[0];
  const answer = { who: 'Tom Becker', text: 'Yes', is_bounce: false };

  it('is its kind while it is open', () => {
    expect(wordsOf(task)).toBe('Email task');
    expect(['call', 'meeting', 'survey', 'to_do'].map((kind) => wordsOf({ ...task, kind }))).toEqual(['Call', 'Meeting', 'Survey', 'To-do']);
  });

  it('is what became of its mail once that has left', () => {
    expect(wordsOf({ ...task, state: 'replied', reply: answer })).toBe('Tom Becker answered');
    expect(wordsOf({ ...task, state: 'replied', reply: { ...answer, is_bounce: true } })).toBe('The mail came back');
    expect(wordsOf({ ...task, state: 'silent' })).toBe('No answer so far');
  });
});

import { describe, expect, it } from 'vitest';

import { Failed, failureOf } from '../src/failures';
import { originOf, permissionFor } from '../src/worker/address';
import { failureOfAnswer } from '../src/worker/calls';
import { challengeOf, codeOf } from '../src/worker/sign_in';
import { addressOf, work } from '../src/worker/work';

function stateOf(deed: () => unknown): string {
  try {
    deed();
  } catch (error) {
    return failureOf(error).state;
  }
  return 'none';
}

describe('an address as somebody types it', () => {
  it.each([
    ['rapport.example.com', 'https://rapport.example.com'],
    ['  https://Rapport.Example.com/accounts?page=2#x ', 'https://rapport.example.com'],
    ['rapport.example.com:8443/', 'https://rapport.example.com:8443'],
    ['localhost:8400', 'http://localhost:8400'],
    ['http://127.0.0.1:8400', 'http://127.0.0.1:8400'],
    ['https://rapport.example.com:443', 'https://rapport.example.com'],
  ])('%s is %s', (typed, origin) => expect(originOf(typed)).toBe(origin));

  it.each(['', 'http://rapport.example.com', 'http://localhost.evil.example', 'ftp://rapport.example.com', 'javascript://x', 'https://a:b@rapport.example.com', 'a b'])(
    '%s is refused with words',
    (typed) => expect(stateOf(() => originOf(typed))).toBe('wrong_address'),
  );

  it('asks Chrome for its host alone', () => {
    expect(permissionFor('https://rapport.example.com:8443')).toBe('https://rapport.example.com/*');
    expect(permissionFor('http://127.0.0.1:8400')).toBe('http://127.0.0.1/*');
  });
});

describe('the answer to a sign-in', () => {
  const expected = { redirectUri: 'https://id.chromiumapp.org/', state: 's1', issuer: 'https://rapport.example.com' };
  const back = (changes: Record<string, string | null>): string => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ code: 'c1', state: 's1', iss: expected.issuer, ...changes })) {
      if (value !== null) query.set(name, value);
    }
    return `${expected.redirectUri}?${query}`;
  };

  it('holds the code', () => expect(codeOf(back({}), expected)).toBe('c1'));

  it.each([
    ['another state', back({ state: 's2' })],
    ['no state', back({ state: null })],
    ['another issuer', back({ iss: 'https://evil.example' })],
    ['no issuer', back({ iss: null })],
    ['no code', back({ code: null })],
    ['two codes', `${back({})}&code=c2`],
    ['another address', back({}).replace('id.chromiumapp.org', 'evil.example')],
    ['an error with another state', back({ error: 'access_denied', state: 's2' })],
    ['nothing', ''],
  ])('with %s is refused', (_name, url) => expect(stateOf(() => codeOf(url, expected))).toBe('refused'));

  it('shows nothing of what it says', () => {
    const url = back({ error: 'server_error', error_description: 'Call 555-1234 now', code: null });
    try {
      codeOf(url, expected);
    } catch (error) {
      expect(JSON.stringify((error as Failed).failure)).not.toContain('555');
      return;
    }
    expect.unreachable();
  });

  it('to a refusal of the person is being signed out', () =>
    expect(stateOf(() => codeOf(back({ error: 'access_denied', code: null }), expected))).toBe('signed_out'));
});

it('the challenge is that of RFC 7636, appendix B', async () => {
  expect(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
});

it('a refusal is told in the words of the server, a fault of its own by a number', () => {
  const answer = { requestId: '0199', body: { title: 'Not yours', detail: 'This task is Bob’s.', cure: 'Ask Bob.' } };
  expect(failureOfAnswer('https://r.example', { ...answer, status: 403 }).failure).toEqual({
    state: 'refused',
    words: 'This task is Bob’s.',
    cure: 'Ask Bob.',
  });
  expect(failureOfAnswer('https://r.example', { ...answer, status: 502 }).failure.cure).toContain('0199');
});

describe('the address of an operation', () => {
  it('holds its values encoded, and of a query only what is given', () => {
    expect(addressOf('/api/v1/panel/templates/{slug}/fill', { path: { slug: '../a b?' } })).toBe('/api/v1/panel/templates/..%2Fa%20b%3F/fill');
    expect(addressOf('/api/v1/accounts', { query: { q: 'a&b', cursor: null, limit: 8 } })).toBe('/api/v1/accounts?q=a%26b&limit=8');
  });

  it('is only that of an operation in the table', async () => {
    await expect(work({ operation: 'constructor' })).rejects.toMatchObject({ failure: { state: 'interrupted' } });
  });
});

// Signing in: authorization code with PKCE S256 in a window of Chrome's identity API.
import { browser } from 'wxt/browser';

import { failed, notPaired, refused, signedOut } from '../failures';
import { hostOf } from './address';
import { readDevice } from './store';
import { CLIENT_ID, redeem } from './tokens';

const SCOPES = 'read mail file tasks send mailbox';

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

export async function challengeOf(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

// The state and the verifier live in this call alone: they are of no use to any other.
export async function signIn(): Promise<void> {
  const device = await readDevice();
  if (!device) throw notPaired();
  const server = device.server;
  const redirectUri = browser.identity.getRedirectURL();
  const verifier = random();
  const state = random();
  const url = new URL('/oauth/authorize', server);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: redirectUri,
    scope: SCOPES,
    state,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: 'S256',
  }).toString();
  let back: string | undefined;
  try {
    back = await browser.identity.launchWebAuthFlow({ url: url.toString(), interactive: true });
  } catch (error) {
    throw windowFailure(server, error);
  }
  const code = codeOf(back ?? '', { redirectUri, state, issuer: server });
  await redeem(server, code, redirectUri, verifier);
}

function windowFailure(server: string, error: unknown) {
  const said = error instanceof Error ? error.message : '';
  if (/could not be loaded/i.test(said)) {
    return failed('unreachable', `${hostOf(server)} could not be opened.`, 'Check that you are online, then try again.');
  }
  return signedOut('The sign-in window was closed before you gave access.');
}

// Throws Failed. Nothing of the answer is shown but our own words: anybody could have written it.
export function codeOf(back: string, expected: { redirectUri: string; state: string; issuer: string }): string {
  const notOurs = () => refused('The answer to this sign-in was not meant for it.', 'Try again. If it stays, tell your admin.');
  if (!back.startsWith(`${expected.redirectUri}?`)) throw notOurs();
  const said = new URL(back).searchParams;
  const one = (name: string): string => (said.getAll(name).length === 1 ? (said.get(name) ?? '') : '');
  if (one('state') !== expected.state || one('iss') !== expected.issuer) throw notOurs();
  if (said.has('error')) {
    if (one('error') === 'access_denied') throw signedOut('You did not give Rapport for Gmail access.');
    throw refused('Your server does not let this extension sign in.', 'Ask your admin whether both are up to date.');
  }
  const code = one('code');
  if (!code) throw notOurs();
  return code;
}

// Tokens: used one deed at a time, since a refresh token that is used twice signs the device out.
import { Failed, notPaired, signedOut } from '../failures';
import { failureOfAnswer, postForm, record, textOf, type Called } from './calls';
import { hostOf } from './address';
import { readAccess, readDevice, signedOutDevice, writeAccess, writeDevice, type Device } from './store';

export const CLIENT_ID = 'rapport-gmail';
// An access token is not used in its last half minute: the call itself takes time.
const MARGIN_MS = 30_000;

const LOST = 'The last renewal of your access was cut off half way, so your server ended it to be safe.';
const ENDED = 'Your access has ended: it was ended on the server, or it is too old.';

// Held by one deed of all pages and the worker; Chrome lets go of it when the holder is stopped.
function alone<T>(deed: () => Promise<T>): Promise<T> {
  return navigator.locks.request('tokens', deed) as Promise<T>;
}

// A token to call `server` with. Throws Failed: not_paired, signed_out, unreachable, server_error.
export function accessToken(): Promise<{ server: string; token: string }> {
  return alone(async () => {
    const device = await settled();
    if (!device) throw notPaired();
    if (!device.refreshToken) throw signedOut(device.ended ?? undefined);
    const access = await readAccess();
    if (access && access.expiresAtMs - MARGIN_MS > Date.now()) return { server: device.server, token: access.token };
    return { server: device.server, token: await refreshed(device, device.refreshToken) };
  });
}

// The server refused this access token: it is not used again.
export function dropAccess(token: string): Promise<void> {
  return alone(async () => {
    if ((await readAccess())?.token === token) await writeAccess(null);
  });
}

async function refreshed(device: Device, refreshToken: string): Promise<string> {
  const wasCutOff = device.isRefreshing;
  await writeDevice({ ...device, isRefreshing: true });
  const answer = await postForm(device.server, '/oauth/token', {
    grant_type: 'refresh_token',
    client_id: CLIENT_ID,
    refresh_token: refreshToken,
  });
  if (answer.status === 400 && record(answer.body)['error'] === 'invalid_grant') {
    const words = wasCutOff ? LOST : ENDED;
    await writeDevice(signedOutDevice(device.server, words));
    await writeAccess(null);
    throw signedOut(words);
  }
  return kept(device.server, answer);
}

// Writes the tokens of an answer. The refresh token and the end of `isRefreshing` are one write, and the first.
async function kept(server: string, answer: Called): Promise<string> {
  if (answer.status !== 200) throw failureOfAnswer(server, answer);
  const body = record(answer.body);
  const token = textOf(body['access_token']);
  const refreshToken = textOf(body['refresh_token']);
  const life = Number(body['expires_in']);
  if (!token || !refreshToken || !(life > 0)) throw failureOfAnswer(server, { ...answer, status: 500 });
  await writeDevice({ ...signedOutDevice(server), refreshToken });
  await writeAccess({ token, expiresAtMs: Date.now() + life * 1000 });
  return token;
}

// A code of the authorization server becomes tokens.
export function redeem(server: string, code: string, redirectUri: string, verifier: string): Promise<void> {
  return alone(async () => {
    // While the window was open, the person may have chosen another server.
    if ((await readDevice())?.server !== server) throw notPaired();
    const answer = await postForm(server, '/oauth/token', {
      grant_type: 'authorization_code',
      client_id: CLIENT_ID,
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    if (answer.status === 400) throw signedOut(`${hostOf(server)} did not take this sign-in any more: it took too long.`);
    await kept(server, answer);
  });
}

// Ends the device at the server and here. `wasTold`: false when the server did not answer; here it is over all the same.
export function signOut(): Promise<{ wasTold: boolean }> {
  return alone(async () => {
    const device = await readDevice();
    if (!device?.refreshToken) return { wasTold: true };
    const ending = { ...device, isEnding: true };
    await writeDevice(ending);
    await writeAccess(null);
    return { wasTold: await ended(ending, device.refreshToken) };
  });
}

async function ended(device: Device, refreshToken: string): Promise<boolean> {
  let wasTold = false;
  try {
    const answer = await postForm(device.server, '/oauth/revoke', { client_id: CLIENT_ID, token: refreshToken });
    wasTold = answer.status === 200;
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
  }
  await writeDevice(signedOutDevice(device.server));
  return wasTold;
}

// The device after what an earlier worker was stopped in: a sign-out that was begun is finished.
async function settled(): Promise<Device | null> {
  const device = await readDevice();
  if (!device?.isEnding || !device.refreshToken) return device;
  await ended(device, device.refreshToken);
  return readDevice();
}

export function standingDevice(): Promise<Device | null> {
  return alone(settled);
}

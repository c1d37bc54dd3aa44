// Which server is the person's own: asked of the server itself before anything is kept.
import { browser } from 'wxt/browser';

import { failed, serverError } from '../failures';
import { hostOf, originOf, permissionFor } from './address';
import { call, record, textOf } from './calls';
import { forgetAll, readDevice, signedOutDevice, writeDevice } from './store';
import { signOut } from './tokens';

const METADATA = '/.well-known/oauth-authorization-server';
const WHERE = 'Copy the address from the browser, where you open Rapport.';

// Throws Failed: wrong_address, unreachable, server_error, refused. The panel has asked for Chrome's permission before.
export async function pair(address: string): Promise<void> {
  const origin = originOf(address);
  const host = hostOf(origin);
  if (!(await browser.permissions.contains({ origins: [permissionFor(origin)] }))) {
    throw failed('refused', `Chrome does not let Rapport talk to ${host}.`, 'Try again, and choose Allow when Chrome asks.');
  }
  const answer = await call(origin, METADATA);
  if (answer.status >= 500) throw serverError(host, answer.requestId);
  const said = record(answer.body);
  const issuer = textOf(said['issuer']);
  const isOurs = answer.status === 200 && issuer !== '' && textOf(said['token_endpoint']) === `${issuer}/oauth/token`;
  if (!isOurs) throw failed('wrong_address', `${host} is not a Rapport, or an older one.`, WHERE);
  if (issuer !== origin) {
    throw failed('wrong_address', `The Rapport at ${host} lives at another address: ${issuer.slice(0, 200)}`, `Give that one. ${WHERE}`);
  }
  const before = await readDevice();
  if (before && before.server !== origin) await unpair();
  if (before?.server !== origin) await writeDevice(signedOutDevice(origin));
}

// Signs out, forgets the server and gives Chrome's permission back.
export async function unpair(): Promise<void> {
  await signOut();
  const device = await readDevice();
  await forgetAll();
  if (device) await browser.permissions.remove({ origins: [permissionFor(device.server)] }).catch(() => false);
}

// Who the server takes this device for: asked once in a browser's session, and again when the panel opens.
import { browser } from 'wxt/browser';

import type { Me } from '../messages';
import { api } from './api';
import { refused } from '../failures';
import { record, textOf } from './calls';

const ME = 'me';

export async function askMe(): Promise<Me> {
  const body = record(await api('/api/v1/me'));
  if (!textOf(body['email']) || !textOf(body['name'])) {
    throw refused('Your server did not say who you are.', 'Ask your admin whether server and extension are up to date.');
  }
  await browser.storage.session.set({ [ME]: body });
  return body as Me;
}

export async function knownMe(): Promise<Me | null> {
  return ((await browser.storage.session.get(ME))[ME] as Me | undefined) ?? null;
}

export async function forgetMe(): Promise<void> {
  await browser.storage.session.remove(ME);
}

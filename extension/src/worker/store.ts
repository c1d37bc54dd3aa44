// What the worker keeps. Chrome stops it at any time, so nothing that matters lives in variables.
// docs/decisions/0024-the-extension.md says what each stop costs.
import { browser } from 'wxt/browser';

// One object under one key: each write replaces all of it or nothing.
export interface Device {
  readonly server: string;
  readonly refreshToken: string | null;
  // A refresh was begun with this token, and its answer not yet written: the server may have used the token up.
  readonly isRefreshing: boolean;
  // Signing out was begun.
  readonly isEnding: boolean;
  // Words for somebody who was signed out without asking for it.
  readonly ended: string | null;
}

export interface Access {
  readonly token: string;
  readonly expiresAtMs: number;
}

const DEVICE = 'device';
const ACCESS = 'access';

export async function readDevice(): Promise<Device | null> {
  const found = await browser.storage.local.get(DEVICE);
  return (found[DEVICE] as Device | undefined) ?? null;
}

export async function writeDevice(device: Device): Promise<void> {
  await browser.storage.local.set({ [DEVICE]: device });
}

export async function forgetAll(): Promise<void> {
  await browser.storage.session.remove(ACCESS);
  await browser.storage.local.remove(DEVICE);
}

export function signedOutDevice(server: string, ended: string | null = null): Device {
  return { server, refreshToken: null, isRefreshing: false, isEnding: false, ended };
}

export async function readAccess(): Promise<Access | null> {
  const found = await browser.storage.session.get(ACCESS);
  return (found[ACCESS] as Access | undefined) ?? null;
}

export async function writeAccess(access: Access | null): Promise<void> {
  if (access) await browser.storage.session.set({ [ACCESS]: access });
  else await browser.storage.session.remove(ACCESS);
}

// Only extension pages and the worker: never a script in Gmail's page, which is where Chrome's default stands for
// storage.local. Awaited before anything is written.
export async function closeToPages(): Promise<void> {
  await browser.storage.local.setAccessLevel({ accessLevel: 'TRUSTED_CONTEXTS' });
  await browser.storage.session.setAccessLevel({ accessLevel: 'TRUSTED_CONTEXTS' });
}

// The service worker: the only part that holds tokens and talks to the server.
import { browser } from 'wxt/browser';
import { defineBackground } from 'wxt/utils/define-background';

import { answerTo, type Standing, type WorkerTable } from '../messages';
import { gmail, insert, undo } from '../worker/gmail';
import { askMe, forgetMe, knownMe } from '../worker/me';
import { pair, unpair } from '../worker/pairing';
import { signIn } from '../worker/sign_in';
import { closeToPages } from '../worker/store';
import { signOut, standingDevice } from '../worker/tokens';

export default defineBackground(() => {
  const isClosed = closeToPages();
  void browser.sidePanel.setPanelBehavior({ openPanelOnActionClick: true });

  async function standing(): Promise<Standing> {
    await isClosed;
    const device = await standingDevice();
    return { server: device?.server ?? null, isSignedIn: !!device?.refreshToken, ended: device?.ended ?? null };
  }

  answerTo<WorkerTable>(
    'worker',
    {
      standing,
      pair: async ({ address }) => {
        await isClosed;
        await pair(address);
        return standing();
      },
      unpair: async () => {
        await forgetMe();
        await unpair();
        return standing();
      },
      signIn: async () => {
        await isClosed;
        await forgetMe();
        await signIn();
        return standing();
      },
      signOut: async () => {
        await forgetMe();
        return signOut();
      },
      me: askMe,
      gmail: async () => gmail(await knownMe()),
      insert: async (ask) => insert((await knownMe()) ?? (await askMe()), ask),
      undo: ({ insertId }) => undo(insertId),
    },
    // Our own pages: a script in Gmail's page may not make the worker call.
    (sender) => !!sender.url?.startsWith(browser.runtime.getURL('/')),
  );
});

// The service worker: the only part that holds tokens and talks to the server.
import { browser } from 'wxt/browser';
import { defineBackground } from 'wxt/utils/define-background';

import { answerTo, type Standing, type WorkerTable } from '../messages';
import type { InsertAsked } from '../gmail/shapes';
import { gmail, insert, undo } from '../worker/gmail';
import { askMe, forgetMe, knownMe } from '../worker/me';
import { pair, unpair } from '../worker/pairing';
import { signIn } from '../worker/sign_in';
import { closeToPages } from '../worker/store';
import { signOut, standingDevice } from '../worker/tokens';
import { work } from '../worker/work';

export default defineBackground(() => {
  const isClosed = closeToPages();
  void browser.sidePanel.setPanelBehavior({ openPanelOnActionClick: true });

  // Nothing is read or written before storage is closed to the script in Gmail's page.
  const closed =
    <Ask, Value>(deed: (ask: Ask) => Promise<Value>) =>
    async (ask: Ask): Promise<Value> => {
      await isClosed;
      return deed(ask);
    };

  async function standing(): Promise<Standing> {
    const device = await standingDevice();
    const isSignedIn = !!device?.refreshToken;
    return { server: device?.server ?? null, isSignedIn, me: isSignedIn ? await knownMe() : null, ended: device?.ended ?? null };
  }

  answerTo<WorkerTable>(
    'worker',
    {
      standing: closed(standing),
      pair: closed(async ({ address }: { address: string }) => {
        await pair(address);
        return standing();
      }),
      unpair: closed(async () => {
        await forgetMe();
        await unpair();
        return standing();
      }),
      signIn: closed(async () => {
        await forgetMe();
        await signIn();
        return standing();
      }),
      signOut: closed(async () => {
        await forgetMe();
        return signOut();
      }),
      me: closed(askMe),
      work: closed(work),
      gmail: closed(async () => gmail(await knownMe())),
      insert: closed(async (ask: InsertAsked) => insert((await knownMe()) ?? (await askMe()), ask)),
      undo: closed(({ insertId }: { insertId: string }) => undo(insertId)),
    },
    // Our own pages: a script in Gmail's page may not make the worker call.
    (sender) => !!sender.url?.startsWith(browser.runtime.getURL('/')),
  );
});

// The service worker: the only part that holds tokens and talks to the server.
import { browser } from 'wxt/browser';
import { defineBackground } from 'wxt/utils/define-background';

import { answerTo, type NoticeTable, type Standing, type WorkerTable } from '../messages';
import type { InsertAsked } from '../gmail/shapes';
import { bringScripts } from '../worker/bring';
import { gmail, GMAIL, insert, undo } from '../worker/gmail';
import { forgetLeft, keep, left, leftSeen } from '../worker/left';
import { askMe, forgetMe, knownMe } from '../worker/me';
import { forgetMisses } from '../worker/misses';
import { pair, unpair } from '../worker/pairing';
import { signIn } from '../worker/sign_in';
import { closeToPages } from '../worker/store';
import { signOut, standingDevice } from '../worker/tokens';
import { work } from '../worker/work';

export default defineBackground(() => {
  const isClosed = closeToPages();
  // "update" stands for the reload of an unpacked extension, too; after an update of Chrome itself no page is open.
  browser.runtime.onInstalled.addListener(({ reason }) => {
    if (reason === 'install' || reason === 'update') void bringScripts();
  });
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

  async function forgetPerson(): Promise<void> {
    await forgetMe();
    await forgetLeft();
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
        await forgetPerson();
        await forgetMisses();
        await unpair();
        return standing();
      }),
      signIn: closed(async () => {
        await forgetPerson();
        await signIn();
        return standing();
      }),
      signOut: closed(async () => {
        await forgetPerson();
        return signOut();
      }),
      me: closed(askMe),
      work: closed(work),
      gmail: closed(async () => gmail(await knownMe())),
      insert: closed(async (ask: InsertAsked) => insert((await knownMe()) ?? (await askMe()), ask)),
      undo: closed(({ insertId }: { insertId: string }) => undo(insertId)),
      left: closed(async () => left((await knownMe()) ?? (await askMe()))),
      leftSeen: closed(({ ids }: { ids: readonly string[] }) => leftSeen(ids)),
    },
    // Our own pages: a script in Gmail's page may not make the worker call.
    (sender) => !!sender.url?.startsWith(browser.runtime.getURL('/')),
  );
  // All that a script in Gmail's page may say: what it noticed. It learns nothing by it.
  answerTo<NoticeTable>(
    'notices',
    {
      noticed: closed(async (ask: unknown) => {
        await keep(ask, await knownMe());
        return {};
      }),
    },
    (sender) => sender.tab !== undefined && !!sender.url?.startsWith(GMAIL.replace('*', '')),
  );
});

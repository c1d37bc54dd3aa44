// Somebody who is signed in: who they are, whose Gmail is open, and the place for the work itself.
import { useCallback, useEffect, useState } from 'preact/hooks';

import { failureOf, type Failure } from '../failures';
import { askWorker, type GmailSeen, type Me } from '../messages';
import { hostOf } from '../worker/address';
import { Mailbox } from './Mailbox';
import { Heading, Note, Working } from './parts';
import { Sent } from './Sent';
import { useGmail } from './useGmail';
import { Work } from './Work';

export function Home({ server, known, onChange }: { server: string; known: Me | null; onChange: () => void }) {
  const [me, setMe] = useState<Me | null>(known);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isLeaving, setIsLeaving] = useState(false);
  const [left, setLeft] = useState(false);

  const fail = useCallback(
    (error: unknown) => {
      const found = failureOf(error);
      // The place to sign in says why.
      if (found.state === 'signed_out' || found.state === 'not_paired') onChange();
      else setFailure(found);
    },
    [onChange],
  );
  const askWho = useCallback(() => {
    setFailure(null);
    askWorker('me', {}).then(setMe, fail);
  }, [fail]);
  useEffect(askWho, [askWho]);
  const gmail: GmailSeen | null = useGmail(me !== null);

  async function signOut() {
    setIsLeaving(true);
    try {
      const { wasTold } = await askWorker('signOut', {});
      if (wasTold) onChange();
      else setLeft(true);
    } catch (error) {
      fail(error);
    } finally {
      setIsLeaving(false);
    }
  }

  if (left) {
    return (
      <Note
        tone="warning"
        failure={{
          words: `You are signed out here, but ${hostOf(server)} did not answer.`,
          cure: 'Open Rapport when it is back, and end this browser under Where you are signed in.',
        }}
      >
        <button type="button" class="button" onClick={onChange}>
          Understood
        </button>
      </Note>
    );
  }
  if (failure) {
    return (
      <Note failure={failure} onRetry={askWho}>
        <button type="button" class="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </Note>
    );
  }
  if (!me) return <Working words={`Asking ${hostOf(server)} who you are …`} />;
  const isTheirs = !!gmail?.page && !gmail.mismatch;
  return (
    <>
      <Sent />
      {!isTheirs && <Mailbox gmail={gmail} />}
      {isTheirs && gmail.page && <Work page={gmail.page} mailbox={me.email} />}
      <section class="card">
        <Heading>You are {me.name}</Heading>
        <p class="quiet">
          {me.email} at {hostOf(server)}
        </p>
        {isTheirs && <Mailbox gmail={gmail} />}
        <div class="buttons">
          {isLeaving ? (
            <Working words="Signing out …" />
          ) : (
            <button type="button" class="button" onClick={() => void signOut()}>
              Sign out
            </button>
          )}
        </div>
      </section>
    </>
  );
}

// The second step, and the way back when access has ended.
import { useState } from 'preact/hooks';

import { failureOf, type Failure } from '../failures';
import { askWorker, type Standing } from '../messages';
import { hostOf } from '../worker/address';
import { Heading, Note, Working } from './parts';

export function SignIn({
  server,
  ended,
  onDone,
}: {
  server: string;
  ended: string | null;
  onDone: (standing: Standing) => void;
}) {
  const [isWorking, setIsWorking] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(
    ended ? { state: 'signed_out', words: ended, cure: 'Sign in again. Nothing that you wrote is lost.' } : null,
  );

  async function step(name: 'signIn' | 'unpair') {
    setFailure(null);
    setIsWorking(true);
    try {
      onDone(await askWorker(name, {}));
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setIsWorking(false);
    }
  }

  return (
    <section class="card">
      <Heading>Sign in at {hostOf(server)}</Heading>
      <p>A window of your Rapport opens. There you see what this extension may do, and you can end it at any time.</p>
      {failure && <Note failure={failure} canSignIn={false} tone={failure.state === 'signed_out' ? 'warning' : 'danger'} />}
      {isWorking ? (
        <Working words="Go on in the window that opened …" />
      ) : (
        <div class="buttons">
          <button type="button" class="button is-main" onClick={() => void step('signIn')}>
            Sign in
          </button>
          <button type="button" class="button" onClick={() => void step('unpair')}>
            Another server
          </button>
        </div>
      )}
    </section>
  );
}

// The side panel: what it shows follows from where the person stands.
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';

import { failureOf, type Failure } from '../failures';
import { askWorker, type Standing } from '../messages';
import { Home } from './Home';
import { Note, Working } from './parts';
import { Pairing } from './Pairing';
import { SelfTest } from './SelfTest';
import { SignIn } from './SignIn';

export function Panel() {
  const [standing, setStanding] = useState<Standing | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);

  const look = useCallback(() => {
    setFailure(null);
    askWorker('standing', {}).then(setStanding, (error: unknown) => setFailure(failureOf(error)));
  }, []);
  useEffect(look, [look]);

  if (failure) {
    return (
      <Frame>
        <Note failure={failure} onRetry={look} />
      </Frame>
    );
  }
  if (!standing) {
    return (
      <Frame>
        <Working words="One moment …" />
      </Frame>
    );
  }
  if (!standing.server) {
    return (
      <Frame>
        <Pairing onDone={setStanding} />
      </Frame>
    );
  }
  return (
    <Frame>
      {standing.isSignedIn ? (
        <Home server={standing.server} known={standing.me} onChange={look} />
      ) : (
        <SignIn server={standing.server} ended={standing.ended} onDone={setStanding} />
      )}
      <SelfTest />
    </Frame>
  );
}

function Frame({ children }: { children: ComponentChildren }) {
  return (
    <>
      <header class="top">
        <img src="/icon/48.png" alt="" width="24" height="24" />
        <h1>Rapport</h1>
      </header>
      <main>{children}</main>
    </>
  );
}

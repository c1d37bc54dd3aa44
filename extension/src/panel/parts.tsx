// Small parts of the panel.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { failureOf, type Failure } from '../failures';
import { askWorker } from '../messages';

// A failure, said aloud as it comes: what happened, what to do, and the way to do it.
export function Note({
  failure,
  onRetry,
  tone = 'danger',
  canSignIn = true,
  children,
}: {
  failure: Pick<Failure, 'words' | 'cure'> & { state?: string };
  onRetry?: (() => void) | undefined;
  tone?: 'danger' | 'warning' | 'info';
  canSignIn?: boolean;
  children?: ComponentChildren;
}) {
  if (failure.state === 'signed_out' && canSignIn) return <SignedOut failure={failure} onDone={onRetry} />;
  return (
    <div class={`note tone-${tone}`} role={tone === 'info' ? 'status' : 'alert'} data-state={failure.state}>
      <p class="strong">{failure.words}</p>
      <p>{failure.cure}</p>
      {(onRetry || children) && (
        <div class="buttons">
          {onRetry && (
            <button type="button" class="button" onClick={onRetry}>
              Try again
            </button>
          )}
          {children}
        </div>
      )}
    </div>
  );
}

// Access ended in the middle of something: it is given again here, and what was typed and shown stays.
function SignedOut({ failure, onDone }: { failure: Pick<Failure, 'words' | 'cure'>; onDone?: (() => void) | undefined }) {
  const [step, setStep] = useState<'ended' | 'asking' | 'back'>('ended');
  const [problem, setProblem] = useState<Failure | null>(null);
  function signIn(): void {
    setStep('asking');
    askWorker('signIn', {}).then(
      () => {
        setStep('back');
        onDone?.();
      },
      (error: unknown) => {
        setProblem(failureOf(error));
        setStep('ended');
      },
    );
  }
  if (step === 'back') {
    return (
      <p class="note tone-success" role="status">
        You are signed in again. Go on.
      </p>
    );
  }
  return (
    <div class="note tone-warning" role="alert" data-state="signed_out">
      <p class="strong">{(problem ?? failure).words}</p>
      <p>{(problem ?? failure).cure}</p>
      <div class="buttons">
        {step === 'asking' ? (
          <Working words="Go on in the window that opened …" />
        ) : (
          <button type="button" class="button" onClick={signIn}>
            Sign in
          </button>
        )}
      </div>
    </div>
  );
}

export function Working({ words }: { words: string }) {
  return (
    <p class="working" role="status">
      <span class="wheel" aria-hidden="true" />
      {words}
    </p>
  );
}

// The heading takes the focus when what is shown changes, so that a keyboard and a screen reader go along.
export function Heading({ children }: { children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <h2 ref={heading} tabIndex={-1}>
      {children}
    </h2>
  );
}

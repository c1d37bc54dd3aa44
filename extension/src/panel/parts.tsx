// Small parts of the panel.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import type { Failure } from '../failures';

// A failure, said aloud as it comes: what happened, what to do, and the way to do it.
export function Note({
  failure,
  onRetry,
  tone = 'danger',
  children,
}: {
  failure: Pick<Failure, 'words' | 'cure'> & { state?: string };
  onRetry?: (() => void) | undefined;
  tone?: 'danger' | 'warning' | 'info';
  children?: ComponentChildren;
}) {
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

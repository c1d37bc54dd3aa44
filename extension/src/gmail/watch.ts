// Tells when what the panel shows of a page has changed. Typing is never waited for: a change only sets a timer.

const PAUSE_MS = 300;

export function watch(page: Document, summary: () => string, tell: () => void): () => void {
  let told = summary();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    timer = undefined;
    const now = summary();
    if (now !== told) {
      told = now;
      tell();
    }
  };
  const later = () => {
    timer ??= setTimeout(look, PAUSE_MS);
  };
  const observer = new MutationObserver(later);
  observer.observe(page, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-label', 'data-hovercard-id', 'email'] });
  page.addEventListener('change', later, true);
  return () => {
    observer.disconnect();
    page.removeEventListener('change', later, true);
    clearTimeout(timer);
  };
}

// Takes an insert back, exactly, as long as nothing was written after it.

interface Memory {
  readonly body: HTMLElement;
  readonly after: string;
  readonly takeBack: () => void;
  // Chrome's own Ctrl+Z does not know of it.
  readonly isOurs: boolean;
}

const memories = new Map<string, Memory>();

const contentOf = (body: HTMLElement): string => (body instanceof HTMLTextAreaElement ? body.value : body.innerHTML);

function remember(insertId: string, memory: Omit<Memory, 'after'>): void {
  memories.clear(); // only the last one can be taken back, and no text is kept longer
  memories.set(insertId, { ...memory, after: contentOf(memory.body) });
}

// What Chrome's command did, its undo takes back; if a page has disturbed that, the body is left alone.
export function rememberCommand(insertId: string, body: HTMLElement): void {
  const takeBack = () => {
    body.focus({ preventScroll: true });
    document.execCommand('undo');
  };
  remember(insertId, { body, takeBack, isOurs: false });
}

export function rememberRange(insertId: string, body: HTMLElement, nodes: HTMLElement[]): void {
  const takeBack = () => {
    for (const node of nodes) node.remove();
    body.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'historyUndo' }));
  };
  remember(insertId, { body, takeBack, isOurs: true });
}

export function rememberText(insertId: string, body: HTMLTextAreaElement, before: string): void {
  const takeBack = () => {
    body.value = before;
    body.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'historyUndo' }));
  };
  remember(insertId, { body, takeBack, isOurs: true });
}

// False when something was written since, or the mail is gone.
export function undo(insertId: string): boolean {
  const memory = memories.get(insertId);
  if (!memory?.body.isConnected || contentOf(memory.body) !== memory.after) return false;
  memories.delete(insertId);
  memory.takeBack();
  return contentOf(memory.body) !== memory.after;
}

// Ctrl+Z in the mail, right after an insert that Chrome does not know of.
export function onKeyDown(event: KeyboardEvent): void {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'z';
  if (!isUndo || !event.isTrusted) return;
  for (const [insertId, memory] of memories) {
    if (memory.isOurs && memory.body.contains(event.target as Node) && undo(insertId)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }
}

export function forgetAll(): void {
  memories.clear();
}

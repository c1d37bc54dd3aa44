// Whose mailbox a Gmail page shows. Two witnesses; when they contradict each other, nobody is believed.
import { countMiss, find } from './find';

const ADDRESS = /[^\s<>()"',:;@]+@[^\s<>()"',:;@]+\.[^\s<>()"',:;@.]+/g;

export function accountOf(page: Document): string | null {
  const button = fromButton(page);
  const title = fromTitle(page.title);
  if (button === null) countMiss('account_button');
  if (button && title && button !== title) return null;
  return button ?? title;
}

// "Google Account: Alice Moreau (alice@rapport.example)": the last address, since a name can look like one.
function fromButton(page: Document): string | null {
  return lastAddress(find(page, 'account_button')?.element.getAttribute('aria-label') ?? '');
}

// "SUBJECT - alice@rapport.example - Gmail": a subject can hold all sorts, so the place counts.
export function fromTitle(title: string): string | null {
  const parts = title.split(' - ');
  return parts.length < 3 ? null : wholeAddress(parts[parts.length - 2] ?? '');
}

function lastAddress(text: string): string | null {
  return text.match(ADDRESS)?.at(-1)?.toLowerCase() ?? null;
}

function wholeAddress(text: string): string | null {
  const found = lastAddress(text.trim());
  return found === text.trim().toLowerCase() ? found : null;
}

export function addressIn(text: string): string | null {
  return lastAddress(text);
}

// What may be an id or an address, whoever says so. Shared by the page's two worlds and the worker.
import type { Recipients } from './shapes';

const HEX = /^[0-9a-f]{10,20}$/;
const DRAFT = /^#?(msg-a:r-?\d{1,20})$/;
const ADDRESS = /^[^\s<>()"',:;@\\]{1,64}@[^\s<>()"',:;@\\]{1,255}$/;
const MOST_PEOPLE = 500;

// Gmail's id of a message or a conversation, as its API has it.
export function hexIdIn(value: unknown): string | null {
  return typeof value === 'string' && HEX.test(value) ? value : null;
}

export function draftIdIn(value: unknown): string | null {
  return (typeof value === 'string' && DRAFT.exec(value)?.[1]) || null;
}

export function addressOrNull(value: unknown): string | null {
  return typeof value === 'string' && value.length <= 320 && ADDRESS.test(value) ? value.toLowerCase() : null;
}

// null for anything but three lists of addresses.
export function recipientsIn(value: unknown): Recipients | null {
  if (typeof value !== 'object' || value === null) return null;
  const said = value as Record<string, unknown>;
  const read = (kind: string): string[] | null => {
    const list = said[kind];
    if (!Array.isArray(list) || list.length > MOST_PEOPLE) return null;
    const found = list.map(addressOrNull);
    return found.includes(null) ? null : (found as string[]);
  };
  const [to, cc, bcc] = ['to', 'cc', 'bcc'].map(read);
  return to && cc && bcc ? { to, cc, bcc } : null;
}

// Looks parts up in the table. A part that is not there is a miss: counted, never thrown.
import { PARTS, TABLE_DATE, type Part, type PartName } from './selectors';
import type { Miss, PartSeen } from './shapes';

export interface Hit {
  readonly element: Element;
  readonly variant: string;
}

const misses = new Map<PartName, number>();
// Those that were not handed over yet.
const fresh = new Map<PartName, number>();

function variantsOf(name: PartName): [string, string][] {
  return Object.entries(PARTS[name].variants);
}

export function find(root: ParentNode, name: PartName): Hit | null {
  for (const [variant, selector] of variantsOf(name)) {
    const element = root.querySelector(selector);
    if (element) return { element, variant };
  }
  return null;
}

// All of the first variant that is there.
export function findAll(root: ParentNode, name: PartName): Element[] {
  for (const [, selector] of variantsOf(name)) {
    const found = [...root.querySelectorAll(selector)];
    if (found.length) return found;
  }
  return [];
}

// Of all variants, each once, and none that lies within another.
export function findEvery(root: ParentNode, name: PartName): Element[] {
  const found = new Set(variantsOf(name).flatMap(([, selector]) => [...root.querySelectorAll(selector)]));
  return [...found].filter((one) => ![...found].some((other) => other !== one && other.contains(one)));
}

export function around(element: Element, name: PartName): Hit | null {
  for (const [variant, selector] of variantsOf(name)) {
    const found = element.closest(selector);
    if (found) return { element: found, variant };
  }
  return null;
}

export function countMiss(name: PartName): void {
  for (const counts of [misses, fresh]) counts.set(name, (counts.get(name) ?? 0) + 1);
}

// Each miss is handed over once.
export function takeMisses(): Miss[] {
  const taken = [...fresh].map(([part, count]) => ({ part, count }));
  fresh.clear();
  return taken;
}

// Gmail keeps in the page, out of sight, what was open before.
export function isShown(element: Element): boolean {
  return element.isConnected && (element.checkVisibility?.() ?? true);
}

// The self-test: each part, as it is in this moment.
export function partsSeen(root: ParentNode): PartSeen[] {
  const isWriting = find(root, 'body') !== null;
  return (Object.keys(PARTS) as PartName[]).map((name) => {
    const part: Part = PARTS[name];
    const hit = find(root, name);
    const absent = part.isOptional || (part.inCompose && !isWriting) ? 'not_now' : 'missing';
    return {
      part: name,
      words: part.words,
      state: hit ? 'found' : absent,
      variant: hit?.variant ?? null,
      misses: misses.get(name) ?? 0,
    };
  });
}

export { TABLE_DATE };

// Whose code is in the built extension: their licence texts go into it, their names into packages.json beside it, for
// the bill of materials.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Plugin } from 'vite';

interface Said {
  readonly version: string;
  readonly license: string | null;
  readonly folder: string;
}

const found = new Map<string, Said>();

// By its folder in node_modules: a package may have folders with a package.json of their own.
function note(file: string): void {
  const [, folder, name] = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(file) ?? [];
  if (!folder || !name) return;
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  found.set(name, { version, license: license ?? null, folder });
}

export function notePackages(): Plugin {
  return {
    name: 'note-packages',
    generateBundle(_, bundle) {
      for (const part of Object.values(bundle)) {
        for (const file of part.type === 'chunk' ? part.moduleIds : part.originalFileNames) note(resolve(file));
      }
    },
  };
}

export function writePackages(folder: string): void {
  const packages = [...found].sort(([one], [other]) => (one < other ? -1 : 1));
  const texts = packages.map(([name, said]) => `${name} ${said.version}\n${textOf(said)}\n`);
  writeFileSync(join(folder, 'licences.txt'), texts.join(`\n${'-'.repeat(78)}\n\n`));
  const names = packages.map(([name, { version, license }]) => [name, { version, license, embeds: {} }]);
  writeFileSync(join(folder, '..', 'packages.json'), `${JSON.stringify(Object.fromEntries(names), null, 1)}\n`);
}

function textOf({ folder, license }: Said): string {
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  return file ? `\n${readFileSync(join(folder, file), 'utf8').trim()}` : `Licence: ${license}. The package brings no text of it.`;
}

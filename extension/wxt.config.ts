import { defineConfig } from 'wxt';

import { notePackages, writePackages } from './packages';

// The public half of a key whose private half was thrown away: it fixes the id of an unpacked extension, which
// servers and Chrome's identity API know it by. The Web Store gives its own: docs/extension.md.
const PUBLIC_KEY =
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqSaA2AuAsATpwY3tRt5EbAhPDRU0iuPp0mZTRGHu1szdm0fFBfo1d9Fr1Jv3lqGHlP5R8J8' +
  'vfTeTP9g3MivEF7hslGyAgVit7s4KPobjfUtd3CQYxTtHatYhHV23P9MdhKA7su4cC/bebTYji2s+ebbkmWuaOoAEuqwq5VVx8rwjiBEBjNr92cx8LT' +
  'bXRMdgHO4EtH579yyrL9EHsts6YL2UvkPGOi+AZW6rMjGEYQBoKB4/YAfS6urcdzpWgrIw0B9VS+do4BBWWmEIXHKezFLwiDsnD0DnyofZB0M3cOwnF' +
  'AvQjdSgwz1PnYmefPB40xrNDqtSyYNgjIaFHOoU3wIDAQAB';

// What a page or the worker may do: its own files, and calls to a server that the person named.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  'connect-src https: http://localhost:* http://127.0.0.1:*',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export default defineConfig({
  srcDir: 'src',
  outDir: '../var/extension',
  imports: false,
  manifestVersion: 3,
  hooks: { 'build:done': (wxt) => writePackages(wxt.config.outDir) },
  vite: () => ({
    plugins: [notePackages()],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: { modulePreload: false, target: 'chrome123' },
  }),
  manifest: {
    key: PUBLIC_KEY,
    name: 'Rapport for Gmail',
    description: "Your customers' accounts, tasks and emails beside your Gmail. Talks to your company's own Rapport.",
    minimum_chrome_version: '123',
    // scripting: for Gmail pages that are open as a newer version comes; it shows no warning and opens no other host.
    permissions: ['sidePanel', 'storage', 'identity', 'scripting'],
    host_permissions: ['https://mail.google.com/*'],
    optional_host_permissions: ['https://*/*', 'http://localhost/*', 'http://127.0.0.1/*'],
    content_security_policy: { extension_pages: POLICY },
    action: { default_title: 'Open Rapport' },
    commands: { _execute_action: { suggested_key: { default: 'Alt+Shift+R' } } },
    incognito: 'spanning',
  },
});

// The script in the page's own world: it looks on while Gmail sends, and can ask the extension for nothing.
import { defineContentScript } from 'wxt/utils/define-content-script';

import { observe } from '../gmail/observe';

export default defineContentScript({
  matches: ['https://mail.google.com/*'],
  runAt: 'document_start',
  world: 'MAIN',
  // No name of ours among the page's.
  globalName: false,
  main() {
    observe(window);
  },
});

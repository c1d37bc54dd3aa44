// The only place that knows how Gmail's page is built. Each part has its variants, the newest first; whoever looks
// takes the first that is there. A part that Gmail changes is mended here, with the date.
//
// What these rest on: docs/extension.md, "What is known of Gmail's page". No live Gmail was at hand.

export const TABLE_DATE = '2026-11-22';

export interface Part {
  readonly words: string;
  // Only there while somebody writes.
  readonly inCompose: boolean;
  // Missing is nothing to worry about: a mailbox may have none.
  readonly isOptional?: boolean;
  readonly variants: Readonly<Record<string, string>>;
}

export const PARTS = {
  account_button: {
    words: 'whose mailbox it is',
    inCompose: false,
    variants: {
      'sign-out link': 'a[href^="https://accounts.google.com/SignOutOptions"][aria-label*="@"]',
      'account button': '[role="banner"] a[aria-label*="@"]',
    },
  },
  body: {
    words: 'the text that you write',
    inCompose: true,
    variants: {
      'rich editor': '.Ap [g_editable="true"]',
      'text box': '[role="textbox"][contenteditable][aria-multiline="true"]',
      'plain field': '.Ap textarea',
    },
  },
  compose: {
    words: 'the frame around it',
    inCompose: true,
    variants: {
      dialog: '[role="dialog"]',
      'inline reply': '.M9',
      'compose column': '.AD',
      form: 'form[enctype]',
    },
  },
  full_screen: {
    words: 'full screen',
    inCompose: true,
    isOptional: true,
    variants: { overlay: '.aSs .aSt' },
  },
  inline: {
    words: 'replies below a mail',
    inCompose: true,
    isOptional: true,
    variants: { 'reply box': '.ip.adB', 'in the thread': '[role="list"] [role="listitem"] .M9' },
  },
  subject: {
    words: 'the subject',
    inCompose: true,
    isOptional: true,
    variants: { 'subject box': 'input[name="subjectbox"]', field: 'input[name="subject"]:not([type="hidden"])' },
  },
  recipients: {
    words: 'who gets the mail',
    inCompose: true,
    variants: { 'form since 2021': '[name="to"]:not(textarea)', 'form before 2021': 'textarea[name="to"]' },
  },
  signature: {
    words: 'your signature',
    inCompose: true,
    isOptional: true,
    variants: {
      prefix: '.gmail_signature_prefix',
      signature: '.gmail_signature',
      'smart mail': '[data-smartmail="gmail_signature"]',
    },
  },
  quote: {
    words: 'the mail that you answer',
    inCompose: true,
    isOptional: true,
    variants: { container: '.gmail_quote_container', quote: '.gmail_quote', blockquote: 'blockquote[type="cite"]' },
  },
  plain_text: {
    words: 'plain text mode',
    inCompose: true,
    isOptional: true,
    variants: {
      'plain editor': '[g_editable="true"][contenteditable="plaintext-only"]',
      'hidden field': 'input[type="hidden"][name="ishtml"][value="0"]',
      'plain field': '.Ap textarea',
    },
  },
  draft: {
    words: 'the number of the draft',
    inCompose: true,
    isOptional: true,
    variants: { 'draft field': 'input[type="hidden"][name="draft"]' },
  },
  answered: {
    words: 'the conversation that a reply is for',
    inCompose: true,
    isOptional: true,
    variants: { 'thread field': 'input[type="hidden"][name="lts"]' },
  },
  send: {
    words: 'Send',
    inCompose: true,
    variants: {
      'first button': '.IZ .Up div > div[role="button"]:not([aria-haspopup])',
      'blue button': '[role="button"].aoO',
      'by its keys': '[role="button"][data-tooltip*="Enter"]',
    },
  },
  schedule: {
    words: 'Schedule send',
    inCompose: true,
    isOptional: true,
    variants: { 'entry of the menu': '[role="menuitem"][selector="scheduledSend"]' },
  },
  undo_send: {
    words: 'Undo, after a mail was sent',
    inCompose: false,
    isOptional: true,
    // Beside "View message": the same Undo stands there after archiving.
    variants: { 'note at the bottom': '.vh:has(#link_vsm) #link_undo' },
  },
  thread: {
    words: 'the conversation that is open',
    inCompose: false,
    isOptional: true,
    variants: {
      'heading with id': 'h2[data-legacy-thread-id]',
      'heading with long id': 'h2[data-thread-perm-id]',
      'part with id': '[role="main"] [data-legacy-thread-id]:has([data-legacy-message-id])',
    },
  },
  message: {
    words: 'its mails',
    inCompose: false,
    isOptional: true,
    variants: {
      'mail with both ids': '[data-message-id][data-legacy-message-id]',
      'mail with id': '[data-legacy-message-id]',
    },
  },
  person: {
    words: 'the people in it',
    inCompose: false,
    isOptional: true,
    variants: { 'sender and recipients': '.gD[email], .g2[email]', 'any name with an address': 'span[email][name]' },
  },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof PARTS;

// Recipients: a form of 2021 and one before it. `field` says which form it is; `chips` carry addresses in `attribute`.
export const RECIPIENT_FORMS = [
  {
    name: 'form since 2021',
    field: (kind: RecipientKind) => `[name="${kind}"]:not(textarea)`,
    chips: '[role="listbox"] [role="option"][data-hovercard-id], [role="option"][data-hovercard-id]',
    attribute: 'data-hovercard-id',
  },
  {
    name: 'form before 2021',
    field: (kind: RecipientKind) => `textarea[name="${kind}"]`,
    chips: null,
    attribute: 'email',
  },
] as const;

// In the old form chips stand beside the text field, in the cell that both share.
export const OLD_RECIPIENT_CELL = 'td, .vR, div';
export const OLD_RECIPIENT_CHIP = 'span[email]';

export type RecipientKind = 'to' | 'cc' | 'bcc';
export const RECIPIENT_KINDS: readonly RecipientKind[] = ['to', 'cc', 'bcc'];

// Compose and conversations in a window of their own: part of the address.
export const OWN_WINDOW = /[?&]view=(btop|cm)(&|$)/;

// The page's own traffic when a mail leaves: docs/extension.md, "How a send is noticed".
export const SYNC_PATH = /^\/sync\/u\/\d{1,3}\/i\/s$/;
// Labels that a mail has which leaves, and which a draft has.
export const LEAVING = '^pfg';
export const DRAFT = '^r';

// What the body is looked at for when it is asked whether anything was written.
export const NOT_WRITTEN = `${Object.values(PARTS.signature.variants).join(', ')}, ${Object.values(PARTS.quote.variants).join(', ')}`;

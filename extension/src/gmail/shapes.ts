// What the Gmail adapter tells and is asked for: plain data, for it travels between pages.

export type ComposeKind = 'popup' | 'full_screen' | 'inline' | 'pop_out';

export interface Recipients {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
}

export interface ComposeSeen {
  readonly id: string;
  readonly kind: ComposeKind;
  // null: Gmail shows them in a way that is not known here. Nobody guesses then.
  readonly recipients: Recipients | null;
  readonly subject: string | null;
  // Gmail's hex id of the conversation that it answers. null: a new mail, or not known.
  readonly threadId: string | null;
  readonly isPlainText: boolean;
  readonly hasSignature: boolean;
  readonly isEmpty: boolean;
}

// One part of Gmail's page in the self-test: which variant was found, or none.
export interface PartSeen {
  readonly part: string;
  readonly words: string;
  // 'not_now': it can only be there while a mail is written.
  readonly state: 'found' | 'missing' | 'not_now';
  readonly variant: string | null;
  readonly misses: number;
}

export interface Person {
  readonly email: string;
  readonly name: string;
}

// The conversation that is being read.
export interface ThreadSeen {
  readonly threadId: string;
  // The newest of its mails that the page shows.
  readonly messageId: string | null;
  readonly subject: string | null;
  readonly people: readonly Person[];
}

export interface PageSeen {
  readonly account: string | null;
  readonly thread: ThreadSeen | null;
  readonly composes: readonly ComposeSeen[];
  readonly parts: readonly PartSeen[];
  readonly tableDate: string;
}

export interface InsertAsked {
  readonly composeId: string;
  readonly html: string;
  readonly text: string;
  // Written only where the subject is empty.
  readonly subject: string | null;
}

export interface Inserted {
  readonly insertId: string;
  readonly way: 'command' | 'range' | 'text';
  readonly wroteSubject: boolean;
}

export interface Undone {
  readonly isUndone: boolean;
}

// How often a part was looked for in vain.
export interface Miss {
  readonly part: string;
  readonly count: number;
}

// What a page noticed of a mail: a hint, for pages can lie. Ids are Gmail's.
export interface Noticed {
  // Of the page that noticed: it ends with it.
  readonly composeId: string | null;
  readonly draftId: string | null;
  readonly gmailMessageId: string | null;
  readonly gmailThreadId: string | null;
  // null: Gmail showed them in a way that is not known here.
  readonly recipients: Recipients | null;
  // When Send was pressed, or the traffic was seen.
  readonly leftAtMs: number;
  readonly state: LeftState;
}

export type LeftState = 'left' | 'scheduled' | 'taken_back';

// A mail that left a Gmail page, as the worker keeps it. It is told again under the same `id` when more is known.
export interface Left {
  readonly id: string;
  readonly account: string;
  readonly state: LeftState;
  readonly composeId: string | null;
  readonly gmailMessageId: string | null;
  readonly gmailThreadId: string | null;
  readonly recipients: Recipients | null;
  readonly leftAtMs: number;
}

// What the Gmail adapter tells and is asked for: plain data, for it travels between pages.

export type ComposeKind = 'popup' | 'full_screen' | 'inline';

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

export interface PageSeen {
  readonly account: string | null;
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

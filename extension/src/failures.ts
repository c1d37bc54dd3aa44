// Everything that can go wrong, as one of few states. The panel shows `words` and `cure`, and decides by `state` alone.

export type FailureState =
  | 'not_paired'
  | 'signed_out'
  | 'unreachable'
  | 'server_error'
  | 'refused'
  | 'wrong_address'
  | 'wrong_account'
  | 'no_gmail'
  | 'gmail_changed'
  | 'interrupted';

export interface Failure {
  readonly state: FailureState;
  readonly words: string;
  readonly cure: string;
}

export class Failed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.words);
    this.name = 'Failed';
  }
}

export function failed(state: FailureState, words: string, cure: string): Failed {
  return new Failed({ state, words, cure });
}

// What is no Failed is a fault of ours: it must end the wait all the same.
export function failureOf(error: unknown): Failure {
  if (error instanceof Failed) return error.failure;
  return {
    state: 'interrupted',
    words: 'Something in the extension went wrong.',
    cure: 'Try again. If it stays, reload the extension under chrome://extensions.',
  };
}

export const notPaired = (): Failed =>
  failed('not_paired', 'Rapport does not know your server yet.', 'Give the address at which you open Rapport.');

export const signedOut = (words = 'You are signed out of Rapport.'): Failed =>
  failed('signed_out', words, 'Sign in again. Nothing that you wrote is lost.');

export const unreachable = (host: string): Failed =>
  failed('unreachable', `${host} does not answer.`, 'Check that you are online, and with your admin that Rapport runs. Then try again.');

export const serverError = (host: string, requestId: string | null): Failed =>
  failed(
    'server_error',
    `${host} had a fault of its own.`,
    `Try again in a minute. If it stays, tell your admin${requestId ? ` this number: ${requestId}` : ''}.`,
  );

export const refused = (words: string, cure: string): Failed => failed('refused', words, cure);

export const noGmail = (): Failed =>
  failed('no_gmail', 'Rapport sees no Gmail page.', 'Open Gmail. If it is open, reload its page: it is older than this extension.');

export const wrongAccount = (mailbox: string, person: string): Failed =>
  failed(
    'wrong_account',
    `This Gmail is ${mailbox}, but Rapport knows you as ${person}.`,
    `Open the Gmail of ${person}, or sign out of Rapport and sign in as the other person.`,
  );

export const unknownAccount = (): Failed =>
  failed(
    'wrong_account',
    'Rapport cannot tell whose Gmail this is.',
    'Wait until Gmail has loaded, or reload it. If it stays, run the self-test.',
  );

export const interrupted = (): Failed =>
  failed('interrupted', 'Chrome stopped Rapport in the middle of this.', 'Try again. Nothing that you wrote is lost.');

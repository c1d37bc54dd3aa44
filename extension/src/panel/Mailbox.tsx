// Whose Gmail is in front, and whether it is that of the person who is signed in.
import type { GmailSeen } from '../messages';
import { Note, Working } from './parts';

export function Mailbox({ gmail }: { gmail: GmailSeen | null }) {
  if (!gmail) return <Working words="Looking for Gmail …" />;
  if (gmail.mismatch) {
    return <Note failure={gmail.mismatch} tone={gmail.mismatch.state === 'no_gmail' ? 'info' : 'warning'} />;
  }
  return (
    <p class="chip tone-success" role="status">
      This Gmail is yours: {gmail.page?.account}
    </p>
  );
}

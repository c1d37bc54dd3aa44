import type { ComposeSeen } from '../gmail/shapes';

export const KINDS: Record<ComposeSeen['kind'], string> = {
  popup: 'new mail',
  full_screen: 'new mail, full screen',
  inline: 'reply',
  pop_out: 'mail in a window of its own',
};

// "new mail, plain text · to 2 people"
export function descriptionOf({ kind, isPlainText, recipients }: ComposeSeen): string {
  const what = `${KINDS[kind]}${isPlainText ? ', plain text' : ''}`;
  if (!recipients) return `${what} · recipients not known`;
  const count = recipients.to.length + recipients.cc.length + recipients.bcc.length;
  return `${what} · to ${count === 0 ? 'nobody yet' : count === 1 ? 'one person' : `${count} people`}`;
}

// The place for the work beside a mailbox that is the person's own: accounts, tasks and templates come here, above
// the mails that are being written, which they are for.
import type { ComposeSeen, PageSeen } from '../gmail/shapes';

const KINDS: Record<ComposeSeen['kind'], string> = {
  popup: 'new mail',
  full_screen: 'new mail, full screen',
  inline: 'reply',
};

export function Work({ page }: { page: PageSeen }) {
  return (
    <section class="card" aria-labelledby="writing-title">
      <h2 id="writing-title">What you are writing</h2>
      {page.composes.length === 0 ? (
        <p class="quiet">Nothing yet. Write a new mail or a reply in Gmail, and it shows here.</p>
      ) : (
        <ul class="rows">
          {page.composes.map((one) => (
            <li key={one.id}>
              <span class="strong">{one.subject || 'No subject'}</span>
              <span class="quiet">
                {KINDS[one.kind]}
                {one.isPlainText ? ', plain text' : ''} · {recipientsIn(one)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function recipientsIn({ recipients }: ComposeSeen): string {
  if (!recipients) return 'Gmail shows the recipients in a way that is not known here';
  const all = [...recipients.to, ...recipients.cc, ...recipients.bcc];
  return all.length ? `to ${all.join(', ')}` : 'to nobody yet';
}

// Who gets the mail: contacts by name, colleagues, and those whom nobody knows.
import type { ContactBeside, Situation } from './server';

export function People({ situation }: { situation: Situation }) {
  if (!situation.recipients.length) return <p class="quiet">Add somebody in Gmail, and what is open with them shows here.</p>;
  return (
    <ul class="rows" aria-label="Recipients">
      {situation.recipients.map((one) => (
        <li key={one.email}>
          {one.contacts.length ? one.contacts.map((contact) => <Contact key={contact.id} contact={contact} email={one.email} />) : (
            <>
              <span class="strong">{one.email}</span>
              <span class="quiet">{one.is_ours ? 'A colleague' : 'Not a contact yet'}</span>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function Contact({ contact, email }: { contact: ContactBeside; email: string }) {
  const what = [contact.title, contact.role_label].filter(Boolean).join(' · ');
  return (
    <>
      <span class="line">
        <span class="strong">{contact.full_name}</span>
        {contact.opted_out_at && <span class="chip tone-danger">Opted out of emails</span>}
      </span>
      <span class="quiet">{what ? `${what} · ${email}` : email}</span>
    </>
  );
}

// No mail is being written, or Gmail's page is not understood: templates can be filled in all the same.
import { useState } from 'preact/hooks';

import { PickContact } from './PickContact';
import type { ContactBeside } from './server';
import { Templates } from './Templates';
import { useApply } from './useApply';

export function Elsewhere() {
  const [contact, setContact] = useState<ContactBeside | null>(null);
  const apply = useApply(null, contact);
  return (
    <>
      <section class="card">
        <h2>Nothing is being written</h2>
        <p class="quiet">Write a new mail or a reply in Gmail, and who gets it shows here, with their accounts, CTAs and templates.</p>
      </section>
      <details class="card">
        <summary>Use a template without Gmail’s window</summary>
        <Templates
          compose={null}
          apply={apply}
          isEarly={false}
          contact={contact}
          contacts={contact ? [contact] : []}
          accountIds={contact ? [contact.account_id] : []}
          onContact={setContact}
          pick={<PickContact onPick={setContact} />}
        />
      </details>
    </>
  );
}

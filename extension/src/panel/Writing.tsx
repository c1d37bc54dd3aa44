// Beside a mail that is being written: where it goes, who gets it, templates for it, and what is open with them.
import { useState } from 'preact/hooks';

import type { ComposeSeen } from '../gmail/shapes';
import { Beside } from './Beside';
import { Filing } from './Filing';
import { descriptionOf } from './kinds';
import { Note, Working } from './parts';
import { People } from './People';
import { PickContact } from './PickContact';
import { server, useAsked, type ContactBeside, type Draft, type Situation } from './server';
import { Templates } from './Templates';
import { useApply } from './useApply';
import { useFiling } from './useFiling';

// Somebody who adds three addresses is asked about once.
const PAUSE_MS = 150;

function draftOf(compose: ComposeSeen, mailbox: string): Draft {
  const { to = [], cc = [], bcc = [] } = compose.recipients ?? {};
  return { written_from: mailbox, to: [...to], cc: [...cc], bcc: [...bcc], gmail_thread_id: compose.threadId };
}

export function Writing({ compose, mailbox }: { compose: ComposeSeen; mailbox: string }) {
  const draft = draftOf(compose, mailbox);
  const asked = useAsked(JSON.stringify(draft), () => server('situation', { body: draft }), PAUSE_MS);
  const [wanted, setWanted] = useState<ContactBeside | null>(null);
  const situation = asked.value;
  const known = contactsIn(situation);
  // Somebody who was chosen by hand stays chosen; of the recipients, the first that may be written to.
  const contact = wanted ?? known.find((one) => !one.opted_out_at) ?? known[0] ?? null;
  const apply = useApply(compose, contact);
  const now = useFiling(compose.id, draft, situation);
  return (
    <>
      {asked.failure && <Note failure={asked.failure} onRetry={asked.again} />}
      {!situation && asked.isAsking && <Working words="Looking at who you write to …" />}
      {situation && (
        <section class="card" aria-labelledby="people-title" aria-busy={asked.isAsking}>
          <h2 id="people-title">{compose.subject || 'The mail that you write'}</h2>
          <p class="quiet">{descriptionOf(compose)}</p>
          {now && <Filing filing={now.filing} why={situation.accounts.map((one) => one.why)} isRead={situation.mailbox.is_read} failure={now.failure} onChoose={now.choose} />}
          {compose.recipients ? (
            <People situation={situation} />
          ) : (
            <p class="quiet">Gmail shows the recipients in a way that Rapport does not know yet. Choose the contact below.</p>
          )}
        </section>
      )}
      <Templates
        compose={compose}
        apply={apply}
        contact={contact}
        contacts={known}
        isEarly={!situation && asked.isAsking}
        accountIds={situation?.accounts.map((one) => one.id) ?? []}
        onContact={setWanted}
        pick={<PickContact onPick={setWanted} />}
      />
      {situation?.accounts.map((one) => <Beside key={one.id} account={one} apply={apply} isWhyTold />)}
    </>
  );
}

function contactsIn(situation: Situation | null): ContactBeside[] {
  const all = (situation?.recipients ?? []).flatMap((one) => one.contacts);
  return all.filter((one, at) => all.findIndex((other) => other.id === one.id) === at);
}

// The work beside a mailbox that is the person's own: the mail that is being written, else the conversation that is read.
import { useState } from 'preact/hooks';

import type { ComposeSeen, PageSeen } from '../gmail/shapes';
import { Elsewhere } from './Elsewhere';
import { KINDS } from './kinds';
import { Reading } from './Reading';
import { Writing } from './Writing';

export function Work({ page, mailbox }: { page: PageSeen; mailbox: string }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const compose = page.composes.find((one) => one.id === chosen) ?? page.composes.at(-1);
  if (!compose) {
    return page.thread ? <Reading key={page.thread.threadId} thread={page.thread} mailbox={mailbox} /> : <Elsewhere />;
  }
  return (
    <>
      {page.composes.length > 1 && <Choice composes={page.composes} chosen={compose.id} onChoose={setChosen} />}
      <Writing key={compose.id} compose={compose} mailbox={mailbox} />
    </>
  );
}

function Choice({
  composes,
  chosen,
  onChoose,
}: {
  composes: readonly ComposeSeen[];
  chosen: string;
  onChoose: (id: string) => void;
}) {
  return (
    <section class="card">
      <label for="which">You are writing {composes.length} mails. This one:</label>
      <select id="which" value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
        {composes.map((one) => (
          <option key={one.id} value={one.id}>
            {titleOf(one)}
          </option>
        ))}
      </select>
    </section>
  );
}

function titleOf(one: ComposeSeen): string {
  const to = one.recipients?.to[0];
  return `${one.subject || 'No subject'}, ${KINDS[one.kind]}${to ? ` to ${to}` : ''}`;
}

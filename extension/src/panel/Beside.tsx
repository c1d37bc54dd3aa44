// An account of the people in a mail: its open CTAs with their email tasks, and what happened last.
import type { ComponentChildren } from 'preact';

import { day, moment } from './dates';
import type { AccountBeside, OpenCta } from './server';
import { Task } from './Task';
import type { Apply } from './useApply';

const ARROWS: Record<string, string> = { in: 'from them', out: 'to them' };

export function Beside({
  account,
  apply,
  isWhyTold,
  children,
}: {
  account: AccountBeside;
  apply: Apply | null;
  // Whether it stands elsewhere by which rule the mail leads here.
  isWhyTold: boolean;
  children?: ComponentChildren;
}) {
  return (
    <section class="card" aria-labelledby={`account-${account.id}`}>
      <h2 id={`account-${account.id}`}>
        <a href={account.href} target="_blank" rel="noreferrer">
          {account.name}
        </a>
      </h2>
      <p class="quiet">{[account.lifecycle_stage, isWhyTold ? '' : account.why].filter(Boolean).join('. ')}</p>
      <h3>Open CTAs</h3>
      {account.ctas.length ? (
        <ul class="rows">
          {account.ctas.map((cta) => (
            <Cta key={cta.id} cta={cta} apply={apply} />
          ))}
        </ul>
      ) : (
        <p class="quiet">None.</p>
      )}
      <h3>Last on the timeline</h3>
      {account.entries.length ? (
        <ul class="rows">
          {account.entries.map((entry) => (
            <li key={entry.id}>
              <span>{entry.subject}</span>
              <span class="quiet">
                {[entry.activity, entry.direction ? ARROWS[entry.direction] : '', moment(entry.occurred_at)].filter(Boolean).join(' · ')}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p class="quiet">Nothing yet.</p>
      )}
      {children}
    </section>
  );
}

function Cta({ cta, apply }: { cta: OpenCta; apply: Apply | null }) {
  return (
    <li>
      <span class="line">
        <a class="strong" href={cta.href} target="_blank" rel="noreferrer">
          {cta.name}
        </a>
        {cta.priority === 'high' && <span class="chip tone-danger">High</span>}
      </span>
      {cta.due_on && <span class="quiet">due {day(cta.due_on)}</span>}
      {cta.tasks.map((task) => (
        <Task key={task.id} task={task} apply={apply} />
      ))}
    </li>
  );
}

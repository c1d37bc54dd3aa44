// Values that Rapport does not have: asked for here, so that no mail leaves with a token in it.
import { useId, useState } from 'preact/hooks';

import { Heading, Note, Working } from './parts';
import type { Step } from './useApply';

const TYPES: Record<string, { type: string; inputMode?: 'decimal'; placeholder?: string }> = {
  date: { type: 'date' },
  money: { type: 'text', inputMode: 'decimal', placeholder: '120000.00' },
};

export function Missing({
  step,
  onGive,
  onClose,
}: {
  step: Extract<Step, { at: 'missing' }>;
  onGive: (values: Record<string, string>) => void;
  onClose: () => void;
}) {
  const { filled, failure, isAsking } = step;
  const id = useId();
  const [values, setValues] = useState<Record<string, string>>({});
  const [isTold, setIsTold] = useState(false);
  const empty = filled.missing.filter((one) => !values[one.path]?.trim());

  function submit(event: Event) {
    event.preventDefault();
    setIsTold(true);
    if (!empty.length) onGive(values);
    else document.getElementById(`${id}-${empty[0]?.path}`)?.focus();
  }

  return (
    <form class="ask" onSubmit={submit} noValidate>
      <Heading>{filled.label} needs {filled.missing.length === 1 ? 'one value' : `${filled.missing.length} values`}</Heading>
      <p class="quiet">Rapport does not have them. What you write goes into this mail alone.</p>
      {filled.missing.map((one) => {
        const isWanting = isTold && empty.includes(one);
        return (
          <div key={one.path}>
            <label for={`${id}-${one.path}`}>{one.label}</label>
            <input
              id={`${id}-${one.path}`}
              {...(TYPES[one.type] ?? { type: 'text' })}
              value={values[one.path] ?? ''}
              aria-invalid={isWanting}
              aria-describedby={isWanting ? `${id}-${one.path}-why` : undefined}
              onInput={(event) => setValues({ ...values, [one.path]: event.currentTarget.value })}
            />
            {isWanting && (
              <p class="wrong" id={`${id}-${one.path}-why`}>
                Write a value, or choose another template.
              </p>
            )}
          </div>
        );
      })}
      {failure && <Note failure={failure} />}
      {isAsking && <Working words="Filling in …" />}
      <div class="buttons">
        <button type="submit" class="button is-main">
          Insert
        </button>
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  );
}

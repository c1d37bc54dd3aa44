// The first step: which Rapport is yours?
import { useState } from 'preact/hooks';
import { browser } from 'wxt/browser';

import { failed, failureOf, type Failure } from '../failures';
import { askWorker, type Standing } from '../messages';
import { hostOf, originOf, permissionFor } from '../worker/address';
import { Heading, Note, Working } from './parts';

export function Pairing({ onDone }: { onDone: (standing: Standing) => void }) {
  const [address, setAddress] = useState('');
  const [isWorking, setIsWorking] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);

  async function pair(event: Event) {
    event.preventDefault();
    setFailure(null);
    try {
      const origin = originOf(address);
      // Before anything else is awaited: Chrome asks only right after a click.
      const asking = browser.permissions.request({ origins: [permissionFor(origin)] });
      setIsWorking(true);
      if (!(await asking)) {
        throw failed('refused', `Chrome does not let Rapport talk to ${hostOf(origin)}.`, 'Try again, and choose Allow when Chrome asks.');
      }
      onDone(await askWorker('pair', { address: origin }));
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setIsWorking(false);
    }
  }

  return (
    <section class="card">
      <Heading>Where is your Rapport?</Heading>
      <p>Give the address at which you open Rapport in the browser. Chrome asks whether this extension may talk to it; it talks to nobody else.</p>
      <form onSubmit={(event) => void pair(event)} noValidate>
        <label for="address">Address of your Rapport</label>
        <input
          id="address"
          type="url"
          inputMode="url"
          autoComplete="url"
          spellcheck={false}
          placeholder="https://rapport.example.com"
          value={address}
          aria-invalid={failure?.state === 'wrong_address'}
          aria-describedby={failure ? 'address-problem' : undefined}
          onInput={(event) => setAddress(event.currentTarget.value)}
        />
        <div id="address-problem">{failure && <Note failure={failure} />}</div>
        {isWorking ? (
          <Working words="Asking your server …" />
        ) : (
          <button type="submit" class="button is-main">
            Connect
          </button>
        )}
      </form>
    </section>
  );
}

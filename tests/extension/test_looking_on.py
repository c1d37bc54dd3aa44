"""The script in the page's own world changes nothing that the page could notice."""

from __future__ import annotations

from tests.extension.chrome import Chrome
from tests.extension.stand_in_gmail import StandInGmail


def test_the_page_gets_the_answers_and_errors_that_it_would_get_without_us(
    browsing: Chrome, gmail_server: StandInGmail
) -> None:
    script = """async () => {
      const found = {};
      const say = (name, value) => { found[name] = value };
      for (const native of [window.fetch, XMLHttpRequest.prototype.open, XMLHttpRequest.prototype.send]) {
        say(native.name, [native.length, /\\[native code\\]/.test(Function.prototype.toString.call(native)),
          Object.getOwnPropertyNames(native).sort().join()]);
      }
      const call = XMLHttpRequest.prototype;
      for (const [owner, name] of [[window, 'fetch'], [call, 'open'], [call, 'send']]) {
        const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(owner, name);
        say(`descriptor of ${name}`, [writable, enumerable, configurable]);
      }
      const sync = '/sync/u/0/i/s?hl=en&c=1';
      const error = async (deed) => {
        try { return await deed() } catch (fault) { return `${fault.name}: ${fault.message}` }
      };
      say('no arguments', await error(() => fetch()));
      say('open without arguments', await error(() => new XMLHttpRequest().open()));
      say('send before open', await error(() => new XMLHttpRequest().send()));
      say('not a request', await error(() => XMLHttpRequest.prototype.send.call({})));
      say('cut off', await error(() => fetch(sync, { method: 'POST', body: '{}', signal: AbortSignal.abort() })));
      const odd = { toString() { odd.asked = (odd.asked ?? 0) + 1; return '/favicon.ico' } };
      say('odd address', (await fetch(odd)).status);
      say('asked', odd.asked);
      const body = JSON.stringify([null, [[['44', ['thread-a:r1', { undo: 'msg-a:r1^pfg' }]]]]]);
      const answer = await fetch(new Request(sync, { method: 'POST', body }));
      say('used', answer.bodyUsed);
      say('text', await answer.text());
      say('used now', answer.bodyUsed);
      for (const kind of ['', 'text', 'json', 'arraybuffer', 'blob']) {
        await new Promise((resolve) => {
          const call = new XMLHttpRequest();
          call.open('POST', sync);
          call.responseType = kind;
          call.onloadend = () => {
            say(`call ${kind}`, [call.status, String(call.response), call.response === call.response]);
            resolve();
          };
          call.send(body);
        });
      }
      say('names', Object.getOwnPropertyNames(window).filter((name) => /rapport|traffic|wxt/i.test(name)));
      return found;
    }"""
    page = browsing.gmail()
    with_us = page.evaluate(script)
    # A page of the same server at another name has no script of ours.
    plain = browsing.context.new_page()
    plain.goto(f"https://127.0.0.1:{gmail_server.port}/mail/u/0/")
    assert with_us == plain.evaluate(script)
    assert with_us["descriptor of fetch"] == [True, True, True]

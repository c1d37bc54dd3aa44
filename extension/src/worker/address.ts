// The address of a server, as a person types it, and the permission that calls to it need.
import { failed } from '../failures';

const LOOPBACK = new Set(['localhost', '127.0.0.1']);

// "rapport.example.com/accounts" becomes "https://rapport.example.com". Throws Failed with words.
export function originOf(typed: string): string {
  const text = typed.trim();
  const cure = 'Copy it from the browser, where you open Rapport: such as https://rapport.example.com.';
  const wrong = (words: string) => failed('wrong_address', words, cure);
  if (!text) throw wrong('The address is empty.');
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${isLoopback(text) ? 'http' : 'https'}://${text}`);
  } catch {
    throw wrong('This is not an address.');
  }
  // Chrome takes more for a host than can be one: spaces, for instance.
  if (!/^([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])$/.test(url.hostname)) throw wrong('This is not an address.');
  if (url.username || url.password) throw wrong('The address holds a name or a password.');
  if (url.protocol === 'http:' && !LOOPBACK.has(url.hostname)) {
    throw failed(
      'wrong_address',
      'An address that begins with http:// sends everything in the clear.',
      'Give the address that begins with https://. Only localhost may go without.',
    );
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong('This is not the address of a web server.');
  return url.origin;
}

function isLoopback(text: string): boolean {
  return LOOPBACK.has(text.split(/[/:]/, 1)[0] ?? '');
}

export function hostOf(origin: string): string {
  return new URL(origin).host;
}

// Chrome's permissions know hosts, not ports.
export function permissionFor(origin: string): string {
  const url = new URL(origin);
  return `${url.protocol}//${url.hostname}/*`;
}

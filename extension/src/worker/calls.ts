// Calls to the person's own server: the only place that uses fetch. Each ends in time, as an answer or as Failed.
import { Failed, refused, serverError, unreachable, failed } from '../failures';
import { hostOf } from './address';

// Less than the 30 seconds after which Chrome stops a worker that waits for an answer.
const LIMIT_MS = 10_000;
const LARGEST_BYTES = 5_000_000;

export interface Called {
  readonly status: number;
  readonly body: unknown;
  readonly requestId: string | null;
}

// Throws Failed: unreachable, or wrong_address for one that sends on to another.
export async function call(origin: string, path: string, init: RequestInit = {}): Promise<Called> {
  try {
    const response = await fetch(new URL(path, origin), {
      ...init,
      // The browser's own session must not speak for the extension, nor may an answer be one of yesterday.
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'manual',
      referrerPolicy: 'no-referrer',
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (response.type === 'opaqueredirect') {
      throw failed(
        'wrong_address',
        `${hostOf(origin)} sends on to another address.`,
        'Give the address that the browser shows once Rapport is open.',
      );
    }
    const text = await response.text();
    return {
      status: response.status,
      body: text.length <= LARGEST_BYTES ? parsed(text) : null,
      requestId: response.headers.get('X-Request-Id'),
    };
  } catch (error) {
    throw error instanceof Failed ? error : unreachable(hostOf(origin));
  }
}

export function postForm(origin: string, path: string, fields: Record<string, string>): Promise<Called> {
  return call(origin, path, { method: 'POST', body: new URLSearchParams(fields) });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// An answer that is no success, in the words of the server's problem where it gives them (RFC 9457 with `cure`).
export function failureOfAnswer(origin: string, answer: Called): Failed {
  if (answer.status >= 500) return serverError(hostOf(origin), answer.requestId);
  const body = record(answer.body);
  const words = textOf(body['detail']) || textOf(body['title']) || `${hostOf(origin)} refused this (${answer.status}).`;
  return refused(words, textOf(body['cure']) || 'Open Rapport in the browser and look there.');
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

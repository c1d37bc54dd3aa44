// The server's API under the person's own token.
import { refused, signedOut } from '../failures';
import { call, failureOfAnswer, type Called } from './calls';
import { accessToken, dropAccess } from './tokens';
import { hostOf } from './address';

// A 401 was not acted upon, so asking once more with a new token is safe for changes, too.
export async function api(path: string, init: RequestInit = {}): Promise<unknown> {
  let { server, answer, token } = await asked(path, init);
  if (answer.status === 401) {
    await dropAccess(token);
    ({ server, answer, token } = await asked(path, init));
    if (answer.status === 401) throw signedOut();
  }
  if (answer.status < 200 || answer.status > 299) throw failureOfAnswer(server, answer);
  if (answer.body === null) throw refused(`${hostOf(server)} gave an answer that is not readable.`, 'Try again.');
  return answer.body;
}

async function asked(path: string, init: RequestInit): Promise<{ server: string; answer: Called; token: string }> {
  const { server, token } = await accessToken();
  const headers = { ...(init.headers as Record<string, string>), Authorization: `Bearer ${token}` };
  return { server, token, answer: await call(server, path, { ...init, headers }) };
}


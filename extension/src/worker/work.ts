// One operation of the server's API for the panel.
import { failed } from '../failures';
import { OPERATIONS, type Call, type OperationName } from '../operations';
import { api } from './api';

// Throws Failed.
export async function work(call: Call): Promise<unknown> {
  if (!Object.hasOwn(OPERATIONS, call.operation)) {
    throw failed('interrupted', 'This panel is older than the rest of the extension.', 'Close the panel and open it again.');
  }
  const [method, template] = OPERATIONS[call.operation as OperationName];
  return api(addressOf(template, call), {
    method: method.toUpperCase(),
    ...(call.body === undefined
      ? {}
      : { body: JSON.stringify(call.body), headers: { 'Content-Type': 'application/json' } }),
  });
}

export function addressOf(template: string, call: Pick<Call, 'path' | 'query'>): string {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(call.path?.[name])));
  const asked = Object.entries(call.query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const query = new URLSearchParams(asked.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return query ? `${path}?${query}` : path;
}

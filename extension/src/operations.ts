// What the panel may have the worker ask of the server: these operations by name, and no address that somebody made up.
import type { paths } from './api/schema';

export const OPERATIONS = {
  situation: ['post', '/api/v1/panel/situation'],
  templates: ['post', '/api/v1/panel/templates'],
  fill: ['post', '/api/v1/panel/templates/{slug}/fill'],
  choice: ['post', '/api/v1/panel/choice'],
  sent: ['post', '/api/v1/panel/sent'],
  accounts: ['get', '/api/v1/accounts'],
  contacts: ['get', '/api/v1/accounts/{account_id}/contacts'],
  addContact: ['post', '/api/v1/accounts/{account_id}/contacts'],
  logActivity: ['post', '/api/v1/accounts/{account_id}/activities'],
  thread: ['post', '/api/v1/panel/thread'],
  move: ['post', '/api/v1/mails/{mail_id}/move'],
  unlink: ['post', '/api/v1/mails/{mail_id}/unlink'],
  link: ['post', '/api/v1/mails/{mail_id}/link'],
  never: ['post', '/api/v1/mails/{mail_id}/never'],
  level: ['post', '/api/v1/mails/{mail_id}/level'],
  completeTask: ['post', '/api/v1/tasks/{task_id}/complete'],
  waitLonger: ['post', '/api/v1/tasks/{task_id}/wait-longer'],
  reopenTask: ['post', '/api/v1/tasks/{task_id}/reopen'],
  snoozeTask: ['post', '/api/v1/tasks/{task_id}/snooze'],
  draft: ['post', '/api/v1/panel/draft'],
} as const satisfies Record<string, readonly ['get' | 'post', keyof paths]>;

export type OperationName = keyof typeof OPERATIONS;

type Operation<Name extends OperationName> = paths[(typeof OPERATIONS)[Name][1]][(typeof OPERATIONS)[Name][0]];
type Json<Holder> = Holder extends { content: { 'application/json': infer Value } } ? Value : never;
type Success<Responses> = Json<Responses[keyof Responses & (200 | 201 | 202)]>;

type BodyOf<One> = One extends { requestBody: infer Body }
  ? { body: Json<Body> }
  : One extends { requestBody?: infer Body }
    ? { body?: Json<NonNullable<Body>> }
    : { body?: never };

export type InputOf<Name extends OperationName> = BodyOf<Operation<Name>> &
  (Operation<Name> extends { parameters: { path: infer Path extends object } } ? { path: Path } : { path?: never }) &
  (Operation<Name> extends { parameters: { query?: infer Query extends object } } ? { query?: Query } : { query?: never });

export type AnswerOf<Name extends OperationName> = Operation<Name> extends { responses: infer Responses } ? Success<Responses> : never;

// As it travels to the worker, which looks the name up once more.
export interface Call {
  readonly operation: string;
  readonly path?: Record<string, unknown> | undefined;
  readonly query?: Record<string, unknown> | undefined;
  readonly body?: unknown;
}

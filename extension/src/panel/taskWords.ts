// How a task stands, in a few words.
import { day } from './dates';
import type { OpenTask } from './server';

const KINDS: Record<string, string> = { email: 'Email task', to_do: 'To-do', call: 'Call', meeting: 'Meeting', survey: 'Survey' };

// "Email task, due 4 Mar", "Waiting for an answer until 6 Mar", "No answer so far"
export function wordsOf(task: OpenTask): string {
  if (task.state === 'replied') return task.reply?.is_bounce ? 'The mail came back' : `${task.reply?.who ?? 'The customer'} answered`;
  if (task.state === 'silent') return 'No answer so far';
  return [KINDS[task.kind] ?? 'Task', task.due_on ? `due ${day(task.due_on)}` : ''].filter(Boolean).join(', ');
}

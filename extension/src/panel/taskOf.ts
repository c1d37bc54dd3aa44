// For which task a mail is being written: the one whose template was put into it. By compose window, for as long as the
// panel is open.
import type { OpenTask } from './server';

const tasks = new Map<string, Pick<OpenTask, 'id' | 'title'>>();

export function writeFor(composeId: string, task: Pick<OpenTask, 'id' | 'title'>): void {
  tasks.set(composeId, task);
}

export function taskOf(composeId: string | null): Pick<OpenTask, 'id' | 'title'> | null {
  return (composeId !== null && tasks.get(composeId)) || null;
}

export function forgetTask(composeId: string): void {
  tasks.delete(composeId);
}

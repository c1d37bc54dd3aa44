// Dates as the browser's own language writes them.

// Of a calendar date such as 2026-11-22: it is the same day wherever one is.
export function day(date: string): string {
  return new Date(`${date}T00:00:00Z`).toLocaleDateString(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

// Of an instant: the time if it was today, else the day, with its year when it is not this year's.
export function moment(instant: string, now = new Date()): string {
  const then = new Date(instant);
  if (then.toDateString() === now.toDateString()) return then.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  const year = then.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return then.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year });
}

// A calendar date so many days from today, as a field of dates takes it.
export function inDays(days: number, now = new Date()): string {
  const then = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
  return `${then.getFullYear()}-${String(then.getMonth() + 1).padStart(2, '0')}-${String(then.getDate()).padStart(2, '0')}`;
}

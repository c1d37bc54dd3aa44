// Events between the page's two worlds. The page can hear and forge all of them: nothing is believed that they say.

// To the isolated script: a mail left, by the page's traffic. `detail` is JSON.
export const HINT = 'rapport:hint';
// Refused (preventDefault) by a script that watches already, so that no second one does.
export const WATCHER_COMES = 'rapport:watcher';
export const READER_COMES = 'rapport:reader';
// From the isolated script as it ends: the watcher ends with it.
export const END = 'rapport:end';

// True when nobody of the same kind is there.
export function isFree(page: EventTarget, name: string): boolean {
  return page.dispatchEvent(new CustomEvent(name, { cancelable: true }));
}

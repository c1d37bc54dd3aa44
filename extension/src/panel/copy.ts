// Copies a text with its layout: where a page takes only letters, it gets the plain text.
export function copyRich(html: string, text: string): Promise<void> {
  const blob = (type: string, content: string) => new Blob([content], { type });
  return navigator.clipboard.write([
    new ClipboardItem({ 'text/html': blob('text/html', html), 'text/plain': blob('text/plain', text) }),
  ]);
}

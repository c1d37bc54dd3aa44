// HTML for an insert, with all that could act taken out. It comes from the person's own server; Gmail's page is
// theirs alone, so what a fault there would let through ends here.

const NEVER = 'script, style, link, meta, base, iframe, object, embed, form, input, button, textarea, select, svg, math, template';
const ADDRESSES = new Set(['href', 'src', 'background', 'cite', 'action', 'formaction', 'xlink:href', 'srcset', 'poster']);
const SAFE = /^(https?:|mailto:|tel:|cid:|data:image\/(png|gif|jpeg|webp)[;,])/i;

// `parse`: a document of its own, in which nothing runs or loads.
export function cleaned(html: string, parse: (html: string) => Document): HTMLElement {
  const body = parse(html).body;
  for (const element of body.querySelectorAll(NEVER)) element.remove();
  for (const element of body.querySelectorAll('*')) {
    for (const { name, value } of [...element.attributes]) {
      const key = name.toLowerCase();
      const isAct = key.startsWith('on') || (ADDRESSES.has(key) && !SAFE.test(value.trim()));
      if (isAct || key === 'id' || key === 'contenteditable' || key === 'autofocus') element.removeAttribute(name);
    }
  }
  return body;
}

// Where the cursor stands in MJML, found from the text before it: the author is in the middle of typing,
// so there is no complete tree to ask.
const NOTE = /<!--[\s\S]*?(?:-->|$)/g;
const TAG = /<(\/?)([a-zA-Z][\w-]*)((?:"[^"]*"|'[^']*'|[^<>"'])*)>/g;
const HTML_WITHOUT_END = new Set(["br", "hr", "img", "wbr"]);
const FAR = 4000; // no tag and no merge field is longer; keeps typing quick at the end of a long template

// The elements that are open at the end of `text`, outermost first.
export function openElements(text) {
  const open = [];
  for (const [, slash, name, rest] of text.replace(NOTE, "").matchAll(TAG)) {
    if (slash) {
      const at = open.lastIndexOf(name);
      if (at >= 0) open.length = at;
    } else if (!rest.endsWith("/") && !HTML_WITHOUT_END.has(name)) {
      open.push(name);
    }
  }
  return open;
}

// {kind, from, ...}: `from` is where the word begins that a completion replaces. Kinds:
//   field, filter, keyword       inside {{ }} or {% %}
//   block {}                     the path of an mj-include
//   value {tag, attribute}       inside the quotes of an attribute
//   attribute {tag, present}     between the attributes of a tag
//   tag {parent}, end {parent}   after < and </
//   null                         plain text
export function placeIn(text) {
  const at = text.length;
  const before = text.slice(-FAR);
  const merge = /(\{\{|\{%)((?:(?!\}\}|%\}|\{\{|\{%)[\s\S])*)$/.exec(before);
  if (merge) return mergePlace(merge[1], merge[2], at);
  const tag = /<([a-zA-Z][\w-]*)(\s(?:"[^"]*"|'[^']*'|[^<>"'])*?)?(?:\s([\w:-]+)\s*=\s*"([^"]*))?$/.exec(before);
  if (tag?.[3] !== undefined) {
    const word = /\S*$/.exec(tag[4])[0];
    if (tag[1] === "mj-include" && tag[3] === "path") return { kind: "block", from: at - tag[4].length };
    return { kind: "value", from: at - word.length, tag: tag[1], attribute: tag[3] };
  }
  const inside = /<([a-zA-Z][\w-]*)(\s(?:"[^"]*"|'[^']*'|[^<>"'])*)$/.exec(before);
  if (inside) {
    const word = /[\w-]*$/.exec(inside[2])[0];
    const present = [...inside[2].matchAll(/([\w:-]+)\s*=/g)].map((found) => found[1]);
    return /["']$/.test(inside[2]) ? null : { kind: "attribute", from: at - word.length, tag: inside[1], present };
  }
  const start = /<(\/?)([\w-]*)$/.exec(before);
  if (!start) return null;
  const parent = openElements(text.slice(0, at - start[0].length)).at(-1) ?? "";
  return { kind: start[1] ? "end" : "tag", from: at - start[2].length, parent };
}

function mergePlace(opening, inside, at) {
  if (/"[^"]*$/.test(inside.replace(/"[^"]*"/g, ""))) return null;
  const filter = /\|\s*(\w*)$/.exec(inside);
  if (filter) return { kind: "filter", from: at - filter[1].length };
  if (opening === "{%" && /^-?\s*\w*$/.test(inside)) return { kind: "keyword", from: at - /\w*$/.exec(inside)[0].length };
  const word = /[\w.]*$/.exec(inside)[0];
  return { kind: "field", from: at - word.length, isPrinted: opening === "{{" };
}

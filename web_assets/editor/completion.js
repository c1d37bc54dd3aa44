// What the editor offers while somebody types. `language` is what the server knows: {components: {name: {attributes:
// {name: type}, children, ending}}, merge_fields, filters, blocks}; see the page's comment.
import { snippet, startCompletion } from "@codemirror/autocomplete";
import { placeIn } from "./place.js";

const HTML_IN_TEXTS = ["a", "b", "br", "em", "h1", "h2", "h3", "i", "li", "ol", "p", "span", "strong", "ul"];
const KEYWORDS = {
  if: "if ${field} %}${}{% endif", elif: "elif ${field}", else: "else", endif: "endif", for: "for ${one} in ${list} %}${}{% endfor", endfor: "endfor",
};
const WORD = /^[\w.-]*$/;

export const NO_LANGUAGE = { components: {}, merge_fields: [], filters: [], blocks: [] };

// A source for CodeMirror. `language()` is asked each time, because the language arrives after the page.
export function completionsFrom(language, { isMjml }) {
  return (context) => {
    const place = placeIn(context.state.sliceDoc(0, context.pos));
    if (!place) return null;
    const isMerge = ["field", "filter", "keyword"].includes(place.kind);
    const options = isMjml || isMerge ? optionsAt(place, language(), context.state) : [];
    return options.length ? { from: place.from, options, validFor: place.kind === "block" ? /^[^"]*$/ : WORD } : null;
  };
}

function optionsAt(place, language, state) {
  switch (place.kind) {
    case "field": return language.merge_fields.map((field) => fieldOption(field, place.isPrinted));
    case "filter": return language.filters.map((filter) => ({
      label: filter.name, detail: filter.signature, info: filter.description, type: "function",
    }));
    case "keyword": return Object.entries(KEYWORDS).map(([word, text]) => ({ label: word, type: "keyword", apply: keyword(text) }));
    case "block": return language.blocks.map((block) => ({ label: block.path, detail: block.name, type: "text" }));
    case "value": return valueOptions(language.components[place.tag]?.attributes?.[place.attribute] ?? "", state);
    case "attribute": return attributeOptions(language.components[place.tag], place.present);
    case "end": return place.parent ? [{ label: place.parent, type: "type", apply: `${place.parent}>` }] : [];
    default: return tagOptions(place.parent, language.components);
  }
}

// Puts the field between spaces and closes the braces if nobody has yet.
function insertField(path) {
  return (view, _option, from, to) => {
    const before = view.state.sliceDoc(Math.max(0, from - 2), from);
    const after = view.state.sliceDoc(to, to + 3);
    const head = before.endsWith("{{") ? " " : "";
    const tail = /^\s*\}\}/.test(after) ? (after.startsWith("}}") ? " " : "") : /^\s*\|/.test(after) ? "" : " }}";
    const insert = head + path + tail;
    view.dispatch({
      changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent: "input.complete",
    });
  };
}

function fieldOption(field, isPrinted) {
  const info = [field.description, field.example ? `For example: ${field.example}` : ""].filter(Boolean).join("\n");
  return {
    label: field.path, detail: field.label, info: info || undefined, type: "variable",
    apply: isPrinted ? insertField(field.path) : field.path,
  };
}

function keyword(text) {
  return (view, option, from, to) => {
    const after = view.state.sliceDoc(to, to + 8);
    const isClosed = /^\s*-?%\}/.test(after);
    // The editor closes every brace that is opened; the lone one belongs to {%.
    snippet(isClosed ? `${text} ` : `${text} %}`)(view, option, from, after.startsWith("}") ? to + 1 : to);
  };
}

// Types look like unit(px,%){1,4}, enum(left,right), color, boolean, string.
function valueOptions(type, state) {
  const listed = /^enum\(([^)]*)\)/.exec(type)?.[1];
  if (listed) return listed.split(",").map((value) => ({ label: value.trim(), type: "enum" }));
  if (type === "boolean") return ["true", "false"].map((label) => ({ label, type: "enum" }));
  if (type !== "color") return [];
  const used = new Set(state.doc.toString().match(/#[0-9a-fA-F]{6}\b/g));
  return [...used].map((label) => ({ label, type: "constant", detail: "used in this template" }));
}

function attributeOptions(component, present) {
  return Object.entries(component?.attributes ?? {})
    .filter(([name]) => !present.includes(name))
    .map(([name, type]) => ({ label: name, detail: type, type: "property", apply: insertAttribute }));
}

function insertAttribute(view, option, from, to) {
  const hasValue = view.state.sliceDoc(to, to + 1) === "=";
  const insert = hasValue ? option.label : `${option.label}=""`;
  const anchor = from + insert.length - (hasValue ? 0 : 1);
  view.dispatch({ changes: { from, to, insert }, selection: { anchor }, userEvent: "input.complete" });
  if (!hasValue) startCompletion(view);
}

function tagOptions(parent, components) {
  const component = components[parent];
  if (component?.ending || (parent && !component)) {
    return HTML_IN_TEXTS.map((name) => ({ label: name, type: "type", apply: name === "br" ? "br>" : snippet(`${name}>\${}</${name}>`) }));
  }
  const names = component ? component.children : ["mjml"];
  return names.map((name) => ({
    label: name, type: "type", apply: snippet(tagSnippet(name, components[name])),
    boost: name === "mj-include" ? -1 : 0,
  }));
}

function tagSnippet(name, component) {
  if (name === "mj-include") return 'mj-include path="${}" />';
  const isEmpty = component && !component.ending && component.children.length === 0;
  return isEmpty ? `${name} \${} />` : `${name}>\${}</${name}>`;
}


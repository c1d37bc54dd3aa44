// The two CodeMirror fields: the MJML, and the subject in one line.
import { acceptCompletion, autocompletion } from "@codemirror/autocomplete";
import { history, historyKeymap, defaultKeymap, indentWithTab } from "@codemirror/commands";
import { cssLanguage } from "@codemirror/lang-css";
import { html } from "@codemirror/lang-html";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import { completionsFrom } from "./completion.js";
import { mergeTags } from "./merge_tags.js";

// The colours are custom properties of 50-templates.css, so that both themes follow the page.
const colours = HighlightStyle.define([
  { tag: [tags.tagName, tags.angleBracket], color: "var(--rp-code-tag)" },
  { tag: tags.attributeName, color: "var(--rp-code-name)" },
  { tag: [tags.attributeValue, tags.string], color: "var(--rp-code-text)" },
  { tag: tags.comment, color: "var(--rp-quiet)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.className, tags.keyword], color: "var(--rp-code-name)" },
  { tag: [tags.number, tags.color, tags.unit, tags.bool], color: "var(--rp-code-text)" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--tblr-body-color)", height: "100%", fontSize: "0.8125rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--tblr-font-monospace)", lineHeight: "1.375rem" },
  ".cm-cursor": { borderLeftColor: "var(--tblr-heading-color)" },
  ".cm-gutters": { backgroundColor: "var(--rp-tint)", color: "var(--rp-quiet)", borderRight: "1px solid var(--tblr-border-color-translucent)" },
  ".cm-activeLine": { backgroundColor: "var(--rp-code-line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--rp-code-line)", color: "var(--tblr-heading-color)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--rp-code-selected)" },
  ".cm-selectionMatch": { backgroundColor: "var(--rp-code-match)" },
  "&.cm-focused .cm-matchingBracket, &.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--rp-code-match)", color: "inherit" },
});

const shared = (nonce, label, describedBy) => [
  EditorView.cspNonce.of(nonce),
  EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy, tabindex: "0" }),
  EditorView.lineWrapping, look, syntaxHighlighting(colours), mergeTags,
];

// One line stays one line, whatever is pasted. The second change follows the first, so the cursor stays where the paste left it.
const oneLine = EditorState.transactionFilter.of((change) => {
  if (change.newDoc.lines === 1) return change;
  const breaks = [...change.newDoc.toString().matchAll(/\s*\n\s*/g)]
    .map(({ index, 0: found }) => ({ from: index, to: index + found.length, insert: " " }));
  return [change, { changes: breaks, sequential: true }];
});

function watch(onChange, onFocus) {
  return EditorView.updateListener.of((update) => {
    if (update.docChanged) onChange();
    if (update.focusChanged && update.view.hasFocus) onFocus(update.view);
  });
}

export function mjmlView({ parent, doc, nonce, language, label, describedBy, onChange, onFocus }) {
  return new EditorView({
    parent, doc,
    extensions: [
      basicSetup,
      keymap.of([{ key: "Tab", run: acceptCompletion }, indentWithTab]),
      html({ selfClosingTags: true, nestedLanguages: [{ tag: "mj-style", parser: cssLanguage.parser }] }),
      autocompletion({ override: [completionsFrom(language, { isMjml: true })], icons: false }),
      lintGutter(),
      ...shared(nonce, label, describedBy),
      watch(onChange, onFocus),
    ],
  });
}

export function subjectView({ parent, doc, nonce, language, label, describedBy, onChange, onFocus }) {
  return new EditorView({
    parent, doc: doc.replace(/\n/g, " "),
    extensions: [
      history(),
      autocompletion({ override: [completionsFrom(language, { isMjml: false })], icons: false }),
      keymap.of([...historyKeymap, ...defaultKeymap]),
      placeholder("What the customer reads first"),
      oneLine,
      ...shared(nonce, label, describedBy),
      watch(onChange, onFocus),
    ],
  });
}

// findings [{line, severity, message, cure}], lines from 1; 0 means the whole and marks nothing.
export function mark(view, findings) {
  const { doc } = view.state;
  const marks = findings.filter(({ line }) => line >= 1 && line <= doc.lines).map((finding) => {
    const line = doc.line(finding.line);
    const from = line.from + /^\s*/.exec(line.text)[0].length;
    return { from, to: Math.max(line.to, from), severity: finding.severity, message: [finding.message, finding.cure].filter(Boolean).join(" ") };
  });
  view.dispatch(setDiagnostics(view.state, marks));
}

export function goToLine(view, number) {
  const line = view.state.doc.line(Math.min(Math.max(number, 1), view.state.doc.lines));
  view.dispatch({ selection: { anchor: line.from + /^\s*/.exec(line.text)[0].length }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
  view.focus();
}

export function insertAtCursor(view, text) {
  view.dispatch(view.state.replaceSelection(text), { userEvent: "input.paste", scrollIntoView: true });
  view.focus();
}

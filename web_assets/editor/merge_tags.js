// {{ fields }}, {% tags %} and {# notes #} in colour, wherever they stand: the HTML grammar below does not know them.
import { Decoration, MatchDecorator, ViewPlugin } from "@codemirror/view";

const marks = {
  "{{": Decoration.mark({ class: "cm-merge-field" }),
  "{%": Decoration.mark({ class: "cm-merge-tag" }),
  "{#": Decoration.mark({ class: "cm-merge-note" }),
};
const decorator = new MatchDecorator({
  regexp: /\{\{[^{}]*\}\}|\{%[^{}]*%\}|\{#[^{}]*#\}/g,
  decoration: (match) => marks[match[0].slice(0, 2)],
});

export const mergeTags = ViewPlugin.fromClass(
  class {
    constructor(view) { this.decorations = decorator.createDeco(view); }
    update(update) { this.decorations = decorator.updateDeco(update, this.decorations); }
  },
  { decorations: (plugin) => plugin.decorations },
);

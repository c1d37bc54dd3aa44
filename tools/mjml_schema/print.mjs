// Prints server/email_templates/mjml/schema.json out of the reference compiler, so that the two stay in step:
//   node tools/mjml_schema/print.mjs > server/email_templates/mjml/schema.json
// The reference is what tests/email_templates/mjml_reference installs (npm ci in that folder).
import { createRequire } from "node:module";

const require = createRequire(new URL("../../tests/email_templates/mjml_reference/package.json", import.meta.url));
const { components, dependencies } = require("mjml-preset-core").default ?? require("mjml-preset-core");
const { version } = require("mjml/package.json");

// The reference reads these without a class that would say what they take.
const WITHOUT_A_CLASS = {
  mjml: { attributes: { lang: "string", dir: "enum(ltr,rtl,auto)", owa: "enum(desktop)" } },
  "mj-selector": { attributes: { path: "string" } },
  "mj-html-attribute": { attributes: { name: "string" }, ending: true },
};

const classes = Object.fromEntries(components.map((component) => [component.componentName, component]));
const names = [...new Set([...Object.keys(classes), ...Object.keys(dependencies)])].sort();
const described = names.map((name) => {
  const { allowedAttributes, endingTag } = classes[name] ?? {};
  const children = (dependencies[name] ?? []).map((child) => (child instanceof RegExp ? "*" : child));
  return [name, { ending: Boolean(endingTag), attributes: allowedAttributes ?? {}, children, ...WITHOUT_A_CLASS[name] }];
});

const origin =
  `Facts read from the npm package mjml ${version} (MIT licence): for each component its attributes with their ` +
  "types, its allowed children, and whether its content is HTML (an ending tag).";
process.stdout.write(`${JSON.stringify({ origin, version, components: Object.fromEntries(described) }, null, 1)}\n`);

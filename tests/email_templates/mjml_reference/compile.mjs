// Compiles MJML with the reference compiler: one JSON line {"name", "mjml"} in, one {"name", "html", "problems"} out.
// Fonts are not fetched from anywhere, as in child.py; only what <mj-font> names is imported.
import { createInterface } from "node:readline";
import mjml2html from "mjml";

for await (const line of createInterface({ input: process.stdin })) {
  const { name, mjml } = JSON.parse(line);
  const { html, errors } = await mjml2html(mjml, { fonts: {}, keepComments: false, validationLevel: "soft" });
  const problems = errors.map((error) => `line ${error.line}: ${error.message}`);
  process.stdout.write(`${JSON.stringify({ name, html, problems })}\n`);
}

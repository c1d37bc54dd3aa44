// Builds what the pages load: server/web/static/dist/ with content-hashed files, manifest.json
// ({"app.css": "app.4f2a9c01.css", ...}), icons.json ({"send": "<path .../>", ...}) and packages.json: whose code is in
// these files ({"htmx.org": {"version": "4.0.1", "license": "0BSD", "embeds": {}}, ...}), for the bill of materials.
// Most parts ship ready for the browser, so copying and hashing is all there is to do. Only what stands on CodeMirror, which
// ships as modules, is bundled.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const out = join(root, "server", "web", "static", "dist");
const sources = join(root, "web_assets");
const fromSources = (path) => readFileSync(join(sources, path));
const withoutMap = (bytes) => bytes.toString("utf8").replace(/\n?\/[/*]# sourceMappingURL=.*?(\*\/)?\s*$/, "\n");

const manifest = {};
const packages = {};

// "a/node_modules/@x/y/z.js" is of the package "@x/y", which stands in "a/node_modules/@x/y".
const inPackage = /^(.*node_modules\/)((?:@[^/]+\/)?[^/]+)\//;

function notePackage(path) {
  const [, folder, name] = inPackage.exec(path);
  const { version, license } = JSON.parse(readFileSync(join(root, folder, name, "package.json"), "utf8"));
  if (packages[name] && packages[name].version !== version) throw new Error(`${name} is there in two versions.`);
  return packages[name] ??= { version, license: license ?? null, embeds: {} };
}

// What others have bundled before us stands in no lock file: their source maps and comments name it.
function noteEmbedded(found, path, text) {
  if (existsSync(`${path}.map`)) {
    for (const source of JSON.parse(readFileSync(`${path}.map`, "utf8")).sources) {
      const inner = inPackage.exec(source)?.[2];
      if (inner) found.embeds[inner] ??= null;
    }
  }
  for (const [, name, version] of text.matchAll(/^\s*\*+ (@?[\w./-]+) v(\d+\.\d+\.\d+)$/gm)) found.embeds[name] = version;
}

function fromPackage(path) {
  const whole = join(root, "node_modules", path);
  const content = readFileSync(whole);
  const found = notePackage(`node_modules/${path}`);
  if (/\.(js|css)$/.test(path)) noteEmbedded(found, whole, content.toString("utf8"));
  return content;
}

function emit(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const extension = extname(name);
  const hashed = `${name.slice(0, -extension.length)}.${hash}${extension}`;
  writeFileSync(join(out, hashed), content);
  manifest[name] = hashed;
}

function appCss() {
  const parts = readdirSync(join(sources, "css")).filter((name) => name.endsWith(".css")).sort();
  const css = parts.map((name) => fromSources(join("css", name)).toString("utf8")).join("\n");
  return css.replace(/url\("asset:([^"]+)"\)/g, (_, name) => {
    if (!manifest[name]) throw new Error(`app.css names the asset ${name}, which the build does not emit before it.`);
    return `url("${manifest[name]}")`;
  });
}

function iconInners() {
  const names = fromSources("icons.txt").toString("utf8").split("\n")
    .map((line) => line.replace(/#.*/, "").trim()).filter(Boolean);
  const inners = {};
  for (const name of names) {
    const svg = fromPackage(`@tabler/icons/icons/outline/${name}.svg`).toString("utf8");
    inners[name] = svg.slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>"))
      .replace(/<path stroke="none"[^>]*\/>/, "").replace(/\s*\n\s*/g, "");
  }
  return inners;
}

// A module and all it imports as one file for browsers with ES modules; comments with licences stay.
async function bundled(path) {
  const { outputFiles: [file], metafile } = await build({
    entryPoints: [join(sources, path)], absWorkingDir: root, bundle: true, minify: true, write: false,
    format: "esm", target: "es2022", legalComments: "eof", logLevel: "warning",
    metafile: true,
  });
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      if (bytesInOutput > 0 && inPackage.test(input)) notePackage(input);
    }
  }
  return file.contents;
}

// Before the folder is emptied: whoever loads a page meanwhile still finds the old files.
const editor = await bundled("editor/editor.js");
const newTemplate = await bundled("editor/new_template.js");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

emit("inter-latin.woff2", fromPackage("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"));
emit("inter-latin-ext.woff2", fromPackage("@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2"));
emit("tabler.css", withoutMap(fromPackage("@tabler/core/dist/css/tabler.min.css")));
emit("app.css", appCss());
emit("theme.js", fromSources("theme.js"));
emit("app.js", fromSources("app.js"));
emit("cockpit.js", fromSources("cockpit.js"));
emit("htmx.js", withoutMap(fromPackage("htmx.org/dist/htmx.min.js")));
emit("alpine.js", withoutMap(fromPackage("@alpinejs/csp/dist/cdn.min.js")));
emit("favicon.svg", fromSources("favicon.svg"));
emit("swagger-ui.css", withoutMap(fromPackage("swagger-ui-dist/swagger-ui.css")));
emit("swagger-ui.js", withoutMap(fromPackage("swagger-ui-dist/swagger-ui-bundle.js")));
emit("api-docs.js", fromSources("api-docs.js"));
emit("editor.js", editor);
emit("new-template.js", newTemplate);

writeFileSync(join(out, "icons.json"), `${JSON.stringify(iconInners(), null, 1)}\n`);
const sorted = Object.fromEntries(Object.entries(packages).sort(([one], [other]) => (one < other ? -1 : 1)));
writeFileSync(join(out, "packages.json"), `${JSON.stringify(sorted, null, 1)}\n`);
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`${Object.keys(manifest).length} files in ${out}`);

// The page of the editor: reads what the server put into the page, makes the parts and lets them know of each other.
import { Checking } from "./checking.js";
import { NO_LANGUAGE } from "./completion.js";
import { ContactPicker } from "./contact_picker.js";
import { Draft } from "./draft.js";
import { FieldsPanel } from "./fields_panel.js";
import { inShort, showFindings, worst } from "./findings.js";
import { getJson } from "./asking.js";
import { PageToken } from "./page_token.js";
import { Panes } from "./panes.js";
import { Preview } from "./preview.js";
import { Publishing } from "./publishing.js";
import { goToLine, insertAtCursor, mark, mjmlView, subjectView } from "./source_view.js";
import { StatusLine } from "./status_line.js";

const studio = document.getElementById("studio");
const { csrf, nonce, revision, basedOn } = studio.dataset;
const urls = JSON.parse(studio.dataset.urls);
const token = new PageToken({ url: urls.token, value: csrf });
const find = (selector) => studio.querySelector(selector);
const settings = find("#settings");
const findingModel = document.getElementById("finding-model");

let language = NO_LANGUAGE;
let contactId = find("#contact-id").value;
let isLeaving = false;

function editor(make, name, label) {
  const source = document.getElementById(`draft-${name}`);
  const parent = find(`[data-editor="${name}"]`);
  if (!parent) return null;
  return make({
    parent, doc: source.value, nonce, label, describedBy: `${name}-help`, language: () => language,
    onChange: () => changed(), onFocus: (view) => { lastFocused = view; },
  });
}

let lastFocused = null;
const mjml = editor(mjmlView, "mjml", "MJML source");
const subject = editor(subjectView, "subject", "Subject");
lastFocused = mjml;

function read() {
  const values = new FormData(settings);
  const text = (name) => values.get(name) ?? "";
  return {
    mjml: mjml.state.doc.toString(), subject: subject?.state.doc.toString() ?? "",
    name: text("name"), category: text("category"), purpose: text("purpose"), description: text("description"),
    for_roles: values.getAll("for_roles"), max_age: text("max_age"),
  };
}

const status = new StatusLine(studio);
const panes = new Panes(studio);
const draft = new Draft({
  url: urls.save, token, seen: { revision: Number(revision), based_on: basedOn }, read, tell: (...news) => status.tell(...news),
});
const preview = new Preview({
  url: urls.preview, token, pane: find("[data-stages]"), source: () => mjml.state.doc.toString(),
  read: () => ({ document: read(), contactId }),
});
const publishing = new Publishing({
  dialog: document.getElementById("publish"), model: findingModel, go: goTo,
  save: () => draft.save(),
});
const fields = new FieldsPanel({ box: find("[data-pane-of=fields]"), onInsert: insertField });
const checking = new Checking({
  url: urls.check, token, read: () => ({ ...read(), contact_id: contactId }),
  onStart: () => publishing.outdate(),
  onAnswer: checked, onTrouble: (text) => status.trouble(text),
});

function changed() {
  draft.changed();
  publishing.outdate();
  checking.soon();
}

function checked(answer) {
  const of = (where) => answer.findings.filter((finding) => finding.where === where);
  mark(mjml, of("mjml"));
  if (subject) mark(subject, of("subject").map((finding) => ({ ...finding, line: 1 })));
  showFindings(find("[data-findings]"), findingModel, answer.findings, goTo);
  status.checked({ ...answer, summary: inShort(answer.findings), tone: worst(answer.findings) });
  fields.setUsed(answer.merge_fields);
  publishing.know({ findings: answer.findings, canPublish: answer.can_publish });
  preview.canRender = answer.can_preview;
  preview.render();
}

function goTo(finding) {
  panes.show("edit");
  if (finding.where === "mjml") return goToLine(mjml, finding.line);
  if (finding.where === "subject" && subject) return subject.focus();
  if (finding.where === "block") return goToLine(mjml, lineOfBlock(finding.file));
  find("#settings-box").open = true;
  return settings.elements.name.focus();
}

// A finding inside a shared block is put right in the block; here the line that includes it is shown.
function lineOfBlock(file) {
  const lines = mjml.state.doc.toString().split("\n");
  return lines.findIndex((line) => line.includes("<mj-include") && line.includes(file)) + 1;
}

function insertField(path) {
  panes.show("edit");
  insertAtCursor(lastFocused, `{{ ${path} }}`);
}

function choose({ id }) {
  contactId = id;
  find("#contact-id").value = id;
  fields.reload();
  checking.now();
}

// One group of buttons of which one is pressed; use(value) is called with the data of the pressed one.
function choice(name, use) {
  const buttons = [...studio.querySelectorAll(`[data-${name}]`)].filter((button) => button.matches("button"));
  for (const button of buttons) {
    button.addEventListener("click", () => press(button));
  }
  function press(button) {
    for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
    use(button.dataset[name]);
  }
  return (value) => press(buttons.find((button) => button.dataset[name] === value));
}

choice("mode", (mode) => { preview.mode = mode; preview.render(); });
choice("reader", (theme) => {
  preview.theme = theme;
  preview.pane.classList.toggle("is-dark", theme === "dark");
  preview.render();
});
const setWidth = choice("width", (width) => preview.setWidth(width));
setWidth((preview.pane.clientWidth || innerWidth) < 480 ? "phone" : "desktop"); // no width: the pane is not shown yet

new ContactPicker({ box: find("[data-picker]"), url: urls.contacts, onChoose: choose });
settings.addEventListener("input", changed);
settings.addEventListener("submit", (event) => { event.preventDefault(); draft.save(); });
find("[data-insert-field]").addEventListener("click", () => {
  panes.show("fields");
  fields.field.focus();
});
find("[data-toggle-findings]").addEventListener("click", ({ currentTarget: button }) => {
  const isOpen = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(isOpen));
  find("#findings").hidden = !isOpen;
});
document.querySelector("[data-save-mine]").addEventListener("click", async () => {
  await draft.saveOverTheirs();
  document.querySelector("[data-conflict]").hidden = !draft.isStopped;
});
document.querySelector("[data-open-publish]").addEventListener("click", () => publishing.open());
document.querySelector("[data-test-email]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const isSaved = await draft.save();
  form.elements.contact_id.value = contactId;
  form.elements.revision.value = draft.seen.revision;
  if (isSaved) form.dispatchEvent(new Event("test-wanted", { bubbles: true }));
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  if (event.key === "s") {
    event.preventDefault();
    draft.save();
  } else if (event.key === "Enter" && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    publishing.open();
  }
}, true);
for (const form of document.querySelectorAll("[data-leaves]")) form.addEventListener("submit", () => {
  isLeaving = true;
  for (const [name, value] of Object.entries(draft.seen)) form.elements[name].value = value;
});
window.addEventListener("beforeunload", (event) => { if (draft.isDirty && !isLeaving) event.preventDefault(); });

// Back from another tab: somebody may have signed in anew there, or changed a shared block or a contact.
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") checking.now(); });

getJson(urls.language).then(({ ok, body }) => { if (ok) language = body; });
checking.now();

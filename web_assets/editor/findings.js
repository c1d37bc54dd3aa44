// The list of what was found, under the source; a click leads to the place.
const PLACES = { subject: "Subject", settings: "Settings", block: "Shared block" };

export function placeOf({ where, line, file }) {
  const place = where === "block" && file ? file : PLACES[where] ?? "";
  if (!line || where === "subject" || where === "settings") return place || "Whole email";
  return place ? `${place}, line ${line}` : `Line ${line}`;
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export function inShort(findings) {
  const errors = findings.filter((finding) => finding.severity === "error").length;
  const warnings = findings.length - errors;
  const parts = [errors && count(errors, "problem"), warnings && count(warnings, "warning")].filter(Boolean);
  return parts.length ? parts.join(" · ") : "No problems";
}

export const worst = (findings) =>
  findings.some(({ severity }) => severity === "error") ? "danger" : findings.length ? "warning" : "success";

// Fills `list` with copies of `model` (a <template>); go(finding) is called by a click.
export function showFindings(list, model, findings, go) {
  list.replaceChildren(...findings.map((finding) => {
    const row = model.content.cloneNode(true).firstElementChild;
    row.dataset.severity = finding.severity;
    row.querySelector("[data-place]").textContent = placeOf(finding);
    row.querySelector("[data-kind]").textContent = finding.severity === "error" ? "Problem" : "Warning";
    row.querySelector("[data-message]").textContent = finding.message;
    row.querySelector("[data-cure]").textContent = finding.cure ?? "";
    row.querySelector("button").addEventListener("click", () => go(finding));
    return row;
  }));
}

// The form of a new template: the slug follows the name until somebody writes it, and a variant shows its conditions.
const form = document.getElementById("new-template");
const { name, slug, kind, variant_of: variantOf } = form.elements;

const slugOf = (text) => text.normalize("NFKD").toLowerCase()
  .replace(/ß/g, "ss").replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 80);

let isFollowing = slug.value === "" || slug.value === slugOf(name.value);
name.addEventListener("input", () => { if (isFollowing) slug.value = slugOf(name.value); });
slug.addEventListener("input", () => { isFollowing = slug.value === ""; });

function show() {
  const isBlock = [...kind].find((radio) => radio.checked)?.value === "block";
  for (const part of form.querySelectorAll("[data-only-template]")) part.hidden = isBlock;
  form.querySelector("[data-only-variant]").hidden = isBlock || variantOf.value === "";
}
form.addEventListener("change", show);
show();

"""How a template begins and ends: blank, as a copy, as a variant; archived."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.languages import LANGUAGES
from server.email_templates import drafts, front_matter, queries
from server.email_templates.conditions import FACTS, problem_of
from server.email_templates.models import EmailTemplate, Kind
from server.email_templates.publish import family_problems
from server.email_templates.shared_blocks import included, path_of
from server.email_templates.source import Category
from server.errors import Conflict, Invalid

FORM = (
    *("kind", "name", "slug", "category", "purpose", "start_from"),
    *("variant_of", "when_language", "when_path", "when_value"),
)
_BLANK = """<mjml lang="en">
  <mj-head>
    <mj-preview>One line that the inbox shows beside the subject.</mj-preview>
{look}  </mj-head>
  <mj-body>
    <mj-section>
      <mj-column>
        <mj-text css-class="words editable-opening">
          <p>Hello {{{{ contact.first_name|default("there") }}}},</p>
          <p>Write here.</p>
        </mj-text>
        <mj-text css-class="words">
          <p>Best regards,<br>{{{{ sender.name }}}}</p>
        </mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""
_BLANK_BLOCK = """<mj-section>
  <mj-column>
    <mj-text><p>Write here what many templates share.</p></mj-text>
  </mj-column>
</mj-section>
"""


def begin(session: Session, values: Mapping[str, str], *, user_id: uuid.UUID, now: datetime) -> EmailTemplate:
    """`values` are those of FORM. Raises Invalid with what is wrong by field."""
    kind = Kind.BLOCK if values["kind"] == Kind.BLOCK else Kind.TEMPLATE
    variant_of = values["variant_of"] if kind is Kind.TEMPLATE else ""
    errors: dict[str, str] = {}
    if not values["name"]:
        errors["name"] = "Give it a name that your colleagues will recognise."
    if kind is Kind.TEMPLATE and values["category"] not in tuple(Category):
        errors["category"] = "Choose a folder."
    when = _when(values, errors) if variant_of else {}
    slug = values["slug"]
    if variant_of and slug and not slug.startswith(f"{variant_of}."):
        errors["slug"] = f"A variant of {variant_of} is called {variant_of}. and a word, such as {variant_of}.de."
    if errors:
        raise Invalid("Please check what is marked.", fields=errors)
    front = {"name": values["name"], "purpose": values["purpose"], "variant_of": variant_of, "when": when}
    if kind is Kind.BLOCK:
        front = {"name": values["name"], "description": values["purpose"]}
    else:
        front["category"] = values["category"]
    text = _text(session, kind, values["start_from"], front)
    return drafts.begin(session, slug=slug, kind=kind, text=text, user_id=user_id, now=now)


def choices(session: Session) -> dict[str, list[dict[str, str]]]:
    """The options of the form's lists."""
    found = [one for one in queries.list_all(session) if one.kind == Kind.TEMPLATE]
    parents = [one for one in found if one.variant_of_id is None]
    languages = [{"value": tag, "label": name} for tag, name in sorted(LANGUAGES.items(), key=lambda one: one[1])]
    paths = [fact for fact in FACTS.values() if fact.path != "contact.language"]
    return {
        "starts": [_option("", "A blank email"), *(_option(one.slug, f"A copy of “{one.name}”") for one in found)],
        "parents": [_option("", "Not a variant"), *(_option(one.slug, one.name) for one in parents)],
        "languages": [_option("", "Any language"), *languages],
        "paths": [_option("", "No condition"), *(_option(fact.path, fact.label) for fact in paths)],
    }


def archive(session: Session, template: EmailTemplate, now: datetime) -> None:
    """Raises Conflict while templates or variants still need it."""
    if template.kind == Kind.BLOCK:
        users = [source.name for source in queries.using_blocks(session, [template.slug])]
        if users:
            raise Conflict(f"It is still included by {', '.join(users)}.", cure="Take it out of them first.")
    if queries.variants(session, template.id):
        raise Conflict("It still has variants.", cure="Archive them first.")
    template.archived_at = now


def unarchive(session: Session, template: EmailTemplate) -> None:
    """Raises Conflict when its place was taken meanwhile, or when it needs something that is archived itself."""
    if template.current_version_id is not None:
        source = queries.written_source(template, queries.version(session, template.current_version_id))
        problems = family_problems(session, [source])
        if problems:
            raise Conflict(problems[0].message, cure=problems[0].cure)
        absent = set(included(source.mjml)) - queries.shared_blocks(session).keys()
        if absent:
            names = ", ".join(sorted(absent))
            raise Conflict(f"It includes {names}, which is archived.", cure="Take that out of the archive first.")
    template.archived_at = None


def _when(values: Mapping[str, str], errors: dict[str, str]) -> dict[str, str]:
    when: dict[str, str] = {}
    if values["when_language"]:
        when["contact.language"] = values["when_language"]
    if values["when_path"]:
        when[values["when_path"]] = values["when_value"]
    for path, value in when.items():
        problem = problem_of(path, value) or (("It needs a value.", "") if not value else None)
        if problem:
            errors["when_language" if path == "contact.language" else "when_value"] = " ".join(problem).strip()
    if not when:
        errors["when_language"] = "A variant needs a condition: whom is it for?"
    return when


def _text(session: Session, kind: Kind, start_from: str, front: Mapping[str, Any]) -> str:
    if start_from and kind is Kind.TEMPLATE:
        text, _ = drafts.current_text(session, queries.by_slug(session, start_from))
        file = front_matter.split(text)
        return front_matter.join(front_matter.changed(file.front, front), file.body)
    has_look = queries.find_slug(session, "look") is not None
    look = f'    <mj-include path="{path_of("look")}" />\n' if has_look else ""
    body = _BLANK_BLOCK if kind is Kind.BLOCK else _BLANK.format(look=look)
    subject = {} if kind is Kind.BLOCK else {"subject": str(front["name"])}
    return front_matter.join(front_matter.changed("", {**front, **subject}), body)


def _option(value: str, label: str) -> dict[str, str]:
    return {"value": value, "label": label}

"""Templates, versions and findings in the words and shapes of the pages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from server.accounts.languages import language_label
from server.auth import people
from server.email_templates import queries
from server.email_templates.conditions import label_of
from server.email_templates.models import EmailTemplate, EmailTemplateDraft, EmailTemplateVersion, Kind, Origin
from server.email_templates.problems import TemplateProblem
from server.email_templates.publish import file_of
from server.email_templates.source import CATEGORY_LABELS, Category, TemplateSource, age_text
from server.template_library.everybody import names
from server.template_library.family import conditions, relatives
from server.template_library.gate import Judged
from server.template_library.usage import Sent, UsedIn
from server.web import show

ORIGIN_LABELS = {Origin.WEB.value: "Web", Origin.FILES.value: "Files"}


def folder_label(template: EmailTemplate) -> str:
    if template.kind == Kind.BLOCK:
        return "Shared blocks"
    return CATEGORY_LABELS[Category(template.category)] if template.category in tuple(Category) else "No folder yet"


def categories() -> list[dict[str, str]]:
    return [{"value": key.value, "label": label} for key, label in CATEGORY_LABELS.items()]


def state_chips(
    template: EmailTemplate, version: EmailTemplateVersion | None, draft: EmailTemplateDraft | None
) -> list[dict[str, str]]:
    if template.archived_at is not None:
        return [{"text": "Archived", "tone": "neutral"}]
    if version is None:
        return [{"text": "Draft", "tone": "info"}]
    if draft is not None and draft.source_text != version.source_text:
        return [{"text": f"Changed since v{version.number}", "tone": "info"}]
    return []


def max_ages(source: TemplateSource) -> list[dict[str, str]]:
    return [{"field": path, "text": f"at most {age_text(hours)} old"} for path, hours in source.max_age]


def stats(sent: Sent) -> dict[str, Any]:
    return {
        "sent": sent.sent,
        "answered": sent.answered,
        "answered_share": sent.share,
        "last_sent": show.moment(sent.last_at),
    }


def uses(used: Sequence[UsedIn]) -> list[dict[str, Any]]:
    return [
        {"label": use.playbook, "href": None, "detail": _counted(use.open_tasks, "open task", "no open tasks")}
        for use in used
    ]


def _counted(count: int, word: str, none: str) -> str:
    return none if count == 0 else f"{count} {word}{'' if count == 1 else 's'}"


def author(session: Session, user_id: uuid.UUID | None, origin: str) -> str:
    if user_id is not None:
        return people.by_id(session, user_id).name
    return "files" if origin == Origin.FILES else "somebody"


def versions(session: Session, template: EmailTemplate) -> list[dict[str, Any]]:
    """Newest first."""
    found = queries.versions(session, template.id)
    rows = []
    for version in found:
        is_current = version.id == template.current_version_id
        rows.append(
            {
                "number": version.number,
                "author": author(session, version.author_id, version.origin),
                "moment": show.moment(version.created_at),
                "note": version.note,
                "origin": ORIGIN_LABELS[version.origin],
                "is_current": is_current,
                "href": url_for("template_versions.version", slug=template.slug, number=version.number),
                "compare_href": _href_of_changes(template, version),
                "restore_url": None
                if is_current
                else url_for("template_versions.restore", slug=template.slug, number=version.number),
            }
        )
    return rows


def _href_of_changes(template: EmailTemplate, version: EmailTemplateVersion) -> str | None:
    return compare_href(template, version.number - 1, version.number) if version.number > 1 else None


def compare_href(template: EmailTemplate, left: int | str, right: int | str) -> str:
    """`left` and `right` are numbers of versions, or "draft"."""
    numbers: dict[str, Any] = {"from": left, "to": right}
    return url_for("template_versions.compare", slug=template.slug, **numbers)


def variants(session: Session, template: EmailTemplate) -> list[dict[str, Any]]:
    """The default first; empty when there are no variants."""
    default, others = relatives(session, template)
    if not others and not template.variant_of_id:
        return []
    family = [default, *others]
    if template.id not in {one.id for one in family}:
        family.append(template)
    return [
        {
            "name": one.name,
            "href": url_for("template_library.template", slug=one.slug),
            "when": label_of(conditions(one)),
            "version": number_of(session, one),
            "is_default": one.id == default.id,
            "is_current": one.id == template.id,
        }
        for one in family
    ]


def languages(found: Sequence[EmailTemplate]) -> list[str]:
    tags = [dict(conditions(one)).get("contact.language") for one in found]
    return [language_label(tag) for tag in tags if tag]


def number_of(session: Session, template: EmailTemplate) -> int | None:
    if template.current_version_id is None:
        return None
    return queries.version(session, template.current_version_id).number


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where lines of a file stand in the editor."""

    file: str
    subject_line: int
    mjml_line: int

    @classmethod
    def of_source(cls, source: TemplateSource) -> Places:
        return cls(file=file_of(source), subject_line=source.subject_line, mjml_line=source.mjml_line)

    def of(self, problem: TemplateProblem) -> tuple[str, int]:
        """(mjml | subject | settings | block, line there; 0 for the whole)."""
        if problem.file and problem.file != self.file:
            return "block", problem.line
        if problem.line >= self.mjml_line:
            return "mjml", problem.line - self.mjml_line + 1
        if problem.line == self.subject_line and self.subject_line > 1:
            return "subject", 1
        return ("settings", 0) if problem.line else ("mjml", 0)


def finding(problem: TemplateProblem, places: Places) -> dict[str, Any]:
    where, line = places.of(problem)
    return {
        "line": line,
        "where": where,
        "file": problem.file,
        "severity": problem.severity.value,
        "message": problem.message,
        "cure": problem.cure,
    }


def publish_findings(judged: Judged, places: Places) -> list[dict[str, Any]]:
    """For the page after a refused publish: errors first."""
    rows: list[dict[str, Any]] = []
    for one in judged.preflight.findings if judged.preflight else ():
        examples = [{"label": name, "href": None} for name in names(one.examples)]
        rows.append(
            {
                "severity": one.problem.severity.value,
                "where": f"{one.count:,} contact{'' if one.count == 1 else 's'}",
                "message": one.problem.message,
                "cure": one.problem.cure,
                "contacts": examples,
                "more": one.count - len(examples),
            }
        )
    for problem in judged.examined.problems:
        rows.append(
            {
                "severity": problem.severity.value,
                "where": _spoken_place(problem, places),
                "message": problem.message,
                "cure": problem.cure,
                "contacts": [],
                "more": 0,
            }
        )
    return sorted(rows, key=lambda row: row["severity"] != "error")


def findings_of_others(others: Sequence[Judged], told: set[str]) -> list[dict[str, Any]]:
    """The errors of templates that a shared block would break, each with the template's name; not what was told."""
    rows = []
    for judged in others:
        for row in publish_findings(judged, Places.of_source(judged.source)):
            if row["severity"] == "error" and row["message"] not in told:
                rows.append({**row, "where": f"{judged.source.name}: {row['where']}"})
    return rows


def refusal(message: str, cure: str, where: str) -> dict[str, Any]:
    return {"severity": "error", "where": where, "message": message, "cure": cure, "contacts": [], "more": 0}


_PLACES: Mapping[str, str] = {"subject": "Subject", "settings": "Settings"}


def _spoken_place(problem: TemplateProblem, places: Places) -> str:
    where, line = places.of(problem)
    if where == "block":
        return f"{problem.file}, line {line}" if line else problem.file
    return _PLACES.get(where) or (f"Line {line}" if line else "Whole email")

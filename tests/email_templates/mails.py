"""Small templates for tests: a body, or a whole file, with as little around it as MJML allows."""

from __future__ import annotations

from decimal import Decimal

from server.email_templates.catalogue import MERGE_FIELDS, MergeField
from server.email_templates.compile import CompiledTemplate, compile_template
from server.email_templates.source import Category, TemplateSource

ROWS = [{"item": "Seats", "amount": Decimal("120")}, {"item": "Runners & minutes", "amount": Decimal("7")}]
FIELDS = (
    *MERGE_FIELDS,
    MergeField(path="rows", label="Rows", example=ROWS),
    MergeField(path="url", label="", example=""),
)


def whole(body: str, head: str = "") -> str:
    return f"<mjml>{head}<mj-body>{body}</mj-body></mjml>"


def column(inside: str) -> str:
    return whole(f"<mj-section><mj-column>{inside}</mj-column></mj-section>")


def words(inside: str, css_class: str = "") -> str:
    return column(f'<mj-text css-class="{css_class}">{inside}</mj-text>')


def source(mjml: str, subject: str = "Hello {{ contact.first_name }}") -> TemplateSource:
    return TemplateSource(
        slug="test", name="Test", subject=subject, category=Category.ONBOARDING, purpose="A test.", mjml=mjml
    )


def compiled(mjml: str, subject: str = "Hello {{ contact.first_name }}") -> CompiledTemplate:
    return compile_template(source(mjml, subject), FIELDS)

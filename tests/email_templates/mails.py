"""Small templates for tests: a body, or a whole file, with as little around it as MJML allows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from server.email_templates.catalogue import MERGE_FIELDS, MergeField
from server.email_templates.compile import CompiledTemplate, compile_template, compile_with_blocks
from server.email_templates.load import blocks_of, read_folder
from server.email_templates.models import Kind
from server.email_templates.source import Category, TemplateSource

ROWS = [{"item": "Seats", "amount": Decimal("120")}, {"item": "Runners & minutes", "amount": Decimal("7")}]
FIELDS = (
    *MERGE_FIELDS,
    MergeField(path="rows", label="Rows", example=ROWS),
    MergeField(path="url", label="", example=""),
)


def shipped_emails(folder: Path) -> list[TemplateSource]:
    """The templates of a folder as they are compiled: with the shared blocks in them."""
    sources = read_folder(folder)
    blocks = blocks_of(sources)
    return [
        replace(source, mjml=compile_with_blocks(source, blocks).expanded.mjml, text="", mjml_line=1)
        for source in sources
        if source.kind is Kind.TEMPLATE
    ]


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

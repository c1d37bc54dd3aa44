"""The emails that are measured, each as Rapport, bare Jinja and Handlebars read it: one source, so all do the same."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from server.email_templates.catalogue import MERGE_FIELDS, MergeField, sample_values
from server.email_templates.compile import CompiledTemplate, compile_template
from server.email_templates.load import blocks_of, read_folder
from server.email_templates.shared_blocks import expand
from server.email_templates.source import TemplateSource, parse_source

SHIPPED = "onboarding-first-steps"
FOLDER = Path(__file__).parents[2] / "email_templates"
_ROWS = [{"item": f"Seats & minutes, part {n}", "amount": Decimal(n * 1250)} for n in range(1, 11)]
_FIELDS = (*MERGE_FIELDS, MergeField(path="rows", label="Rows", example=_ROWS))
_RECEIPT = """---
name: Receipt
subject: "Your receipt, {{ contact.first_name }}"
category: onboarding
purpose: To measure.
---
<mjml>
<mj-head>
  <mj-title>Your receipt</mj-title>
  <mj-preview>What you ordered, what it costs, and when it renews.</mj-preview>
  <mj-attributes>
    <mj-all font-family="Helvetica, Arial, sans-serif" />
    <mj-text font-size="15px" line-height="1.5" color="#28272d" />
    <mj-section background-color="#ffffff" />
  </mj-attributes>
</mj-head>
<mj-body background-color="#f4f4f4">
  <mj-section padding="32px 24px 0">
    <mj-column width="30%">
      <mj-image src="https://gitlab.com/assets/logo.png" alt="GitLab" width="96px" href="https://gitlab.com/" />
    </mj-column>
    <mj-column width="70%">
      <mj-text align="right" color="#626168">Receipt of {{ today|date }}</mj-text>
    </mj-column>
  </mj-section>
  <mj-section padding="0 24px">
    <mj-column>
      <mj-text font-size="24px" font-weight="600">Thank you, {{ contact.first_name }}</mj-text>
      <mj-text>This is the receipt for {{ account.name }}. It renews on {{ account.renewal_date|date }}.</mj-text>
      <mj-divider border-width="1px" border-color="#dcdcde" />
    </mj-column>
  </mj-section>
  <mj-section padding="0 24px">
    <mj-column width="50%">
      <mj-text color="#626168">Billed to</mj-text>
      <mj-text>{{ contact.full_name }}<br>{{ account.name }}<br>{{ contact.email }}</mj-text>
    </mj-column>
    <mj-column width="50%">
      <mj-text color="#626168">Your contact</mj-text>
      <mj-text>{{ sender.name }}<br>{{ sender.title }}<br>
        <a href="mailto:{{ sender.email }}">{{ sender.email }}</a></mj-text>
    </mj-column>
  </mj-section>
  <mj-section padding="0 24px">
    <mj-column>
      <mj-table font-size="15px">
        <tr><th align="left">Item</th><th align="right">Amount</th></tr>
        {% for row in rows %}<tr><td>{{ row.item }}</td><td align="right">{{ row.amount|money }}</td></tr>
        {% endfor %}<tr><td>Total</td><td align="right">{{ account.arr|money }}</td></tr>
      </mj-table>
      <mj-button background-color="#1f75cb" href="https://gitlab.com/receipts/show?who={{ contact.first_name }}">
        Show the receipt</mj-button>
    </mj-column>
  </mj-section>
  <mj-section padding="24px" background-color="#f4f4f4">
    <mj-column>
      <mj-text align="center" font-size="12px" color="#626168">Sent to {{ contact.email }}.
        <a href="https://gitlab.com/support">Help</a> · <a href="https://gitlab.com/privacy">Privacy</a></mj-text>
    </mj-column>
  </mj-section>
</mj-body>
</mjml>
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """An email to measure. `values` is what it is filled with."""

    source: TemplateSource
    compiled: CompiledTemplate
    values: dict[str, Any]

    def for_bare_jinja(self) -> tuple[str, str, str]:
        """Subject, HTML and text without the filters that we put around values: what a template by hand would have."""
        compiled = self.compiled
        return compiled.subject_jinja, _without_ours(compiled.html_jinja), _without_ours(compiled.text_jinja)

    def for_handlebars(self) -> dict[str, Any]:
        subject, html, text = (_as_handlebars(one) for one in self.for_bare_jinja())
        mjml = _as_handlebars(self.source.mjml)
        values = json.loads(json.dumps(self.values, default=_as_json))
        return {"mjml": mjml, "html": html, "subject": subject, "text": text, "values": values}


def measured_mails() -> dict[str, Measured]:
    shipped = read_folder(FOLDER)
    blocks = {slug: (block.mjml, block.mjml_line) for slug, block in blocks_of(shipped).items()}
    first_steps = next(one for one in shipped if one.slug == SHIPPED)
    # In one piece, as the others know no shared blocks of ours.
    whole = replace(first_steps, mjml=expand(first_steps.mjml, blocks).mjml)
    sources = {"receipt": parse_source(_RECEIPT, "receipt"), SHIPPED: whole}
    values = sample_values(_FIELDS)
    return {
        name: Measured(source=one, compiled=compile_template(one, _FIELDS), values=values)
        for name, one in sources.items()
    }


def _without_ours(jinja: str) -> str:
    return re.sub(r"\{\{ \(([^()]*)\)\|mail_\w+ \}\}", r"{{ \1 }}", jinja)


def _as_handlebars(jinja: str) -> str:
    """Only the few forms that the measured emails use; anything else stops the measurement."""
    written = re.sub(r"\{% if ([\w.]+) %\}", r"{{#if \1}}", jinja).replace("{% endif %}", "{{/if}}")
    written = re.sub(r"\{% for row in (\w+) %\}", r"{{#each \1}}", written).replace("{% endfor %}", "{{/each}}")
    written = written.replace("{{ row.", "{{ this.")
    written = re.sub(r"\{\{ ([\w.]+)\|(money|date) \}\}", r"{{\2 \1}}", written)
    written = re.sub(r'\{\{ ([\w.]+)\|default\(("[^"]*")\) \}\}', r"{{default \1 \2}}", written)
    if "{%" in written or "|" in "".join(re.findall(r"\{\{.*?\}\}", written)):
        raise SystemExit("A measured email has Jinja that has no translation to Handlebars here: write one.")
    return written


def _as_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value))

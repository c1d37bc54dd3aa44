"""How other products failed with templates, each turned into what must hold here: cases 103 to 112, and 115.

Cases 113 and 114 are in test_peers_layout.py.
"""

from __future__ import annotations

import ast
import inspect
import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import jinja2
import lxml.html
import pytest
from jinja2 import nodes

from server.accounts.models import Account
from server.auth.models import User
from server.contacts.queries import ContactView
from server.email_templates.allowed import _Reader, read
from server.email_templates.catalogue import MERGE_FIELDS, sample_values
from server.email_templates.compile import apply_edits, compile_template
from server.email_templates.filters import FILTERS
from server.email_templates.jinja_env import HTML, TEXT
from server.email_templates.load import blocks_of, read_folder
from server.email_templates.message import build_message
from server.email_templates.problems import MissingValue, RenderRefused, TemplateInvalid
from server.email_templates.publish import compile_all
from server.email_templates.render import render
from server.email_templates.render_many import Refused, Rendered, render_many
from server.email_templates.source import Kind
from server.sends.merge_values import merge_values
from tests.email_templates.mails import FIELDS, ROWS, compiled, source, whole, words

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
BRACES = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|jq\d{5}zx")


def values(**contact: Any) -> dict[str, Any]:
    sample = sample_values(FIELDS)
    return {**sample, "contact": {**sample["contact"], **contact}, "rows": ROWS, "url": "https://gitlab.com/"}


# 103


@pytest.mark.parametrize("empty", [None, "", "  ", "\t\n", "\u00a0"], ids=["none", "nothing", "blanks", "tab", "nbsp"])
def test_an_empty_first_name_stops_the_email_and_is_named(empty: str | None):
    template = compiled(words("<p>Hello {{ contact.first_name }},</p>"), "A fixed subject")
    with pytest.raises(MissingValue) as caught:
        render(template, values(first_name=empty))
    assert caught.value.missing == ("contact.first_name",)
    assert "contact.first_name" in caught.value.detail
    assert caught.value.cure


def test_a_fallback_is_written_where_the_value_is_empty():
    template = compiled(words('<p>Hello {{ contact.first_name|default("there") }},</p>'), "A fixed subject")
    assert "Hello there," in render(template, values(first_name=None)).text
    assert "Hello Ada," in render(template, values(first_name="Ada")).text


# 104


def test_the_fallback_means_the_same_in_subject_html_text_and_link():
    fallback = '{{ contact.first_name|default("dear reader") }}'
    template = compiled(words(f'<p>{fallback}</p><a href="https://gitlab.com/?q={fallback}">x</a>'), fallback)
    email = render(template, values(first_name=""))
    assert email.subject == "dear reader"
    assert "<p>dear reader</p>" in email.html
    assert "https://gitlab.com/?q=dear%20reader" in email.html
    assert email.text.startswith("dear reader\n")


def test_there_is_one_renderer_so_that_a_preview_is_what_is_sent():
    """Nothing else in the product runs a mail's Jinja."""
    runs = {"from_string", "root_render_func", "render_async", "generate", "new_context"}
    found = set()
    for path in (ROOT / "server").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in runs:
                found.add(str(path.relative_to(ROOT)))
    assert found == {"server/email_templates/render.py"}


# 105


@pytest.mark.parametrize("name", sorted(set(FILTERS) - {"default"}))
def test_no_filter_makes_a_greeting_without_a_name(name: str):
    template = compiled(words(f"<p>Hi {{{{ contact.first_name|{name} }}}},</p>"), "A fixed subject")
    for nothing in ({}, {"contact": {}}, {"contact": None}, values(first_name=None), values(first_name=" ")):
        with pytest.raises(MissingValue) as caught:
            render(template, nothing)
        assert caught.value.missing == ("contact.first_name",)


# 106


def test_subject_preheader_html_and_text_are_all_filled_in_and_only_once():
    token = "{{ contact.title }}"
    head = f"<mj-head><mj-title>{token}</mj-title><mj-preview>Before: {token}</mj-preview></mj-head>"
    mjml = whole(f"<mj-section><mj-column><mj-text><p>{token}</p></mj-text></mj-column></mj-section>", head)
    email = render(compiled(mjml, f"Re: {token}"), values(title="{{ contact.first_name }} & co"))
    assert email.subject == "Re: {{ contact.first_name }} & co"
    tree = lxml.html.document_fromstring(email.html)
    assert tree.findtext("head/title") == "{{ contact.first_name }} & co"
    assert "Before: {{ contact.first_name }} & co" in tree.text_content()
    assert "<p>{{ contact.first_name }} &amp; co</p>" in email.html
    assert "{{ contact.first_name }} & co" in email.text


def test_a_subject_without_a_merge_field_arrives_as_it_is():
    assert render(compiled(words("<p>x</p>"), "We’re live & well <now>"), values()).subject == "We’re live & well <now>"


def test_no_shipped_template_leaves_a_brace_behind(shipped: Path):
    sources = read_folder(shipped)
    compilations = compile_all(sources, blocks_of(sources))
    emails = [one.slug for one in sources if one.kind is not Kind.BLOCK]
    assert emails
    for slug in emails:
        email = render(compilations[slug].compiled, values())
        for part in (email.subject, email.html, email.text):
            assert not BRACES.search(part), slug
            assert part.strip()


# 107


def test_the_first_email_to_somebody_nobody_wrote_to_before_has_all_its_values():
    """Values come from the records of contact, account and sender: there is no conversation to take them from."""
    assert set(inspect.signature(merge_values).parameters) == {"contact", "account", "sender", "tam", "now"}
    sender = User(email="grace@gitlab.example", name="Grace Hopper", title="TAM", role="tam", time_zone="Europe/Berlin")
    account = Account(name="Northwind", arr=Decimal("1200.00"), renewal_on=NOW.date(), lifecycle_stage="onboarding")
    contact = ContactView(
        id=uuid.uuid4(),
        account_id=uuid.uuid4(),
        first_name="Ada",
        last_name="Byron",
        full_name="Ada Byron",
        title="Head of Platform",
        role=None,
        role_label="",
        language=None,
        email="ada@northwind.example",
        alternate_emails=(),
        opted_out_at=None,
        synced_at=None,
    )
    template = compiled(
        words(
            "<p>{{ contact.first_name }} {{ contact.last_name }} {{ contact.full_name }} {{ contact.title }} "
            "{{ contact.email }} {{ account.name }} {{ account.arr|money }} {{ account.renewal_date }} "
            "{{ sender.name }} {{ sender.first_name }} {{ sender.email }} {{ sender.title }} "
            "{{ tam.name }} {{ today }}</p>"
        )
    )
    email = render(template, merge_values(contact=contact, account=account, sender=sender, tam=sender, now=NOW))
    assert email.text == (
        "Ada Byron Ada Byron Head of Platform ada@northwind.example Northwind $1,200 1 June 2026 Grace Hopper Grace "
        "grace@gitlab.example TAM Grace Hopper 1 June 2026\n"
    )


# 108


@pytest.mark.parametrize("field", MERGE_FIELDS, ids=lambda field: field.path)
def test_no_merge_field_has_a_value_of_its_own(field: Any):
    """The examples of the catalogue are for previews: without a record there is no email, not an invented one."""
    loops = isinstance(field.example, list | tuple)
    body = f"{{% for x in {field.path} %}}x{{% endfor %}}" if loops else f"<p>{{{{ {field.path} }}}}</p>"
    template = compile_template(source(words(body), "A fixed subject"))
    with pytest.raises(MissingValue) as caught:
        render(template, {})
    assert caught.value.missing == (field.path,)


# 109


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("R&D / 100% #1?", "R%26D%20%2F%20100%25%20%231%3F"),
        ('"><script>', "%22%3E%3Cscript%3E"),
        ("a b\tc", "a%20b%09c"),
        ("Łódź", "%C5%81%C3%B3d%C5%BA"),
        ("../../admin", "..%2F..%2Fadmin"),
        ("{{ today }}", "%7B%7B%20today%20%7D%7D"),
        (None, "none%20%26%20such"),
    ],
)
def test_a_value_and_a_fallback_are_encoded_inside_a_link(value: str | None, written: str):
    field = "{{ contact.title|default('none & such') }}"
    template = compiled(words(f'<p><a href="https://gitlab.com/{field}?q={field}#{field}">x</a></p>'))
    email = render(template, values(title=value))
    [link] = re.findall(r'href="(https://gitlab\.com/[^"]*)"', email.html)
    assert link == f"https://gitlab.com/{written}?q={written}#{written}"
    assert f"({link})" in email.text


@pytest.mark.parametrize("address", ["javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", "data:,x"])
def test_a_link_that_would_run_something_is_refused(address: str):
    with pytest.raises(RenderRefused, match="is not a link"):
        render(compiled(words('<p><a href="{{ url }}">x</a></p>')), {**values(), "url": address})
    with pytest.raises(TemplateInvalid):
        compiled(words(f'<p><a href="{address}">x</a></p>'))


# 110 (the long list is in test_attacks.py)


@pytest.mark.parametrize(
    "payload",
    [
        "{{ self.__init__.__globals__.__builtins__.__import__('os').popen('id').read() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{% for c in [].__class__.__base__.__subclasses__() %}{{ c }}{% endfor %}",
    ],
)
def test_code_in_a_body_a_subject_or_a_changed_text_is_an_error_and_never_output(payload: str):
    with pytest.raises(TemplateInvalid) as caught:
        compiled(words(f"<p>{payload}</p>"))
    assert all(problem.line == 1 for problem in caught.value.problems)
    with pytest.raises(TemplateInvalid):
        compiled(words("<p>x</p>"), payload)


# 111


def test_only_what_is_on_the_list_of_jinja_is_let_through():
    """A kind of node that a later Jinja invents is refused until somebody adds it here."""
    kinds = {
        name.lower(): name
        for name, kind in vars(nodes).items()
        if isinstance(kind, type) and issubclass(kind, nodes.Node)
    }
    allowed = {kinds[name] for name in kinds if hasattr(_Reader, f"_read_{name}")}
    assert allowed == {
        *("Template", "Output", "TemplateData", "Const", "Name", "Getattr", "If", "CondExpr", "For"),
        *("And", "Or", "Not", "Compare", "Operand", "Filter", "Test"),
    }


def test_jinja_is_new_enough_and_knows_no_globals():
    assert tuple(int(part) for part in jinja2.__version__.split(".")[:3]) >= (3, 1, 6)
    for environment in (HTML, TEXT):
        assert environment.sandboxed
        assert environment.globals == {}
        assert environment.undefined is jinja2.StrictUndefined
        assert environment.loader is not None
        assert environment.loader.list_templates.__func__ is jinja2.BaseLoader.list_templates


def test_a_template_is_handed_plain_dicts_whatever_the_caller_has():
    class Record(dict[str, Any]):
        def __getattr__(self, name: str) -> str:
            return "the password"

        def delete(self) -> None:
            raise AssertionError("a template reached a method")

    template = compiled(words("<p>{{ contact.first_name }}</p>"))
    assert "<p>Ada</p>" in render(template, Record(contact=Record(first_name="Ada"))).html
    with pytest.raises(MissingValue):
        render(template, Record(contact=Record(password="x")))


# 112


def test_markup_in_a_company_name_is_text_in_html_and_as_written_in_plain_text():
    email = render(
        compiled(words("<p>{{ account.name }}</p>"), "For {{ account.name }}"),
        {**values(), "account": {"name": "<b>Bold</b> & Söhne"}},
    )
    assert "<p>&lt;b&gt;Bold&lt;/b&gt; &amp; Söhne</p>" in email.html
    assert email.text == "<b>Bold</b> & Söhne\n"
    assert email.subject == "For <b>Bold</b> & Söhne"


# 115


TOKENS_AS_DATA = [
    "{{ account.arr }}",
    "{% if 1 %}x{% endif %}",
    "{# x #}",
    "{Contact.name}",
    "%recipient.name%",
    "jq00000zx",
]


@pytest.mark.parametrize("name", TOKENS_AS_DATA)
def test_a_contact_that_is_called_like_a_token_keeps_the_name(name: str):
    template = compiled(words("<p>{{ contact.first_name }} {{ contact.last_name }}</p>"), "{{ contact.first_name }}")
    email = render(template, values(first_name=name, last_name="{{ contact.first_name }}"))
    assert email.subject == name
    assert f"<p>{name} {{{{ contact.first_name }}}}</p>" in email.html
    assert email.text == f"{name} {{{{ contact.first_name }}}}\n"
    sent = message_from_bytes(
        build_message(
            sender=("Grace", "grace@gitlab.example"),
            to=(name, "ada@northwind.example"),
            subject=email.subject,
            html=email.html,
            text=email.text,
            headers={},
            date=NOW,
        ),
        policy=policy.default,
    )
    assert isinstance(sent, EmailMessage)
    assert sent["Subject"] == name
    assert sent["To"].addresses[0].display_name == name
    [plain, _] = sent.iter_parts()
    assert plain.get_payload(decode=True).decode().startswith(name)


def test_a_value_that_names_another_field_does_not_make_that_field_used():
    """Neither in one email nor from one recipient to the next."""
    template = compiled(words("<p>{{ contact.first_name }}</p>"))
    people = [("a", values(first_name="{{ contact.title }}")), ("b", values(first_name="")), ("c", values())]
    outcomes = list(render_many(template, people))
    assert [type(outcome) for outcome in outcomes] == [Rendered, Refused, Rendered]
    assert isinstance(outcomes[0], Rendered)
    assert "Head of Platform" not in outcomes[0].email.html
    assert read(template.html_jinja.replace("(", "").replace(")", ""), HTML, FIELDS)[1] == ["contact.first_name"]


def test_what_a_tam_writes_into_a_text_is_checked_like_a_template_and_not_expanded_later():
    template = source(words("<p>Hello {{ contact.first_name }}</p>", "editable-opening"))
    edited = apply_edits(template, blocks={"opening": "Hello {{ contact.title }}"}, fields=FIELDS)
    assert "Hello {{ contact.first_name }}" in render(edited, values(title="{{ contact.first_name }}")).text

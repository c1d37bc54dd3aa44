"""Templates gone wrong, the same on every machine: seeds, and what is done to them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from tests.email_templates.mails import column, whole, words

FRONT = '---\nname: A name\nsubject: "Hi {{ contact.first_name }}"\ncategory: onboarding\npurpose: To test.\n---\n'
SEEDS: Sequence[str] = (
    words("<p>Hello {{ contact.first_name }},</p>\n<p>x</p>"),
    words("<p>{% if contact.title %}{{ contact.title }}{% else %}you{% endif %}</p>"),
    words("{% for row in rows %}<p>{{ row.item }}: {{ row.amount|money }}</p>\n{% endfor %}"),
    words("<ul>\n<li>{{ account.name|upper }}</li>\n<li>two</li>\n</ul>", "editable-list"),
    words('<p>\n<a href="https://gitlab.com/?q={{ contact.title }}" title="x">y</a>'
          '<img src="https://gitlab.com/a.png"></p>'),
    words('<p style="color: #123456; margin: 0 0 8px">x &amp; y &lt; z</p>'),
    column('<mj-button href="https://gitlab.com/" color="#fff" padding="4px 8px">Go {{ contact.first_name '
           '}}</mj-button>'),
    column('<mj-image src="https://gitlab.com/a.png" alt="A {{ account.name }}" width="96px" '
           '/>\n<mj-spacer height="8px" />'),
    column("<mj-table>\n<tr><th>a</th></tr>{% for row in rows %}<tr><td>{{ row.item }}</td>"
           "</tr>{% endfor %}</mj-table>"),
    column('<mj-text css-class="editable">\n<p>x</p></mj-text><mj-divider border-width="1px" />'),
    column('<mj-social mode="horizontal">\n<mj-social-element name="github" '
           'href="https://gitlab.com/">x</mj-social-element></mj-social>'),
    whole('<mj-hero background-url="https://gitlab.com/a.png" '
          'background-height="200px">\n<mj-text>x</mj-text></mj-hero>'),
    whole('<mj-wrapper padding="8px">\n<mj-section><mj-group><mj-column width="50%"><mj-text>x</mj-text></mj-column>'
          '<mj-column width="50%"><mj-text>y</mj-text></mj-column></mj-group></mj-section></mj-wrapper>'),
    whole("{% if contact.title %}<mj-section><mj-column>\n<mj-text>x</mj-text></mj-column>"
          "</mj-section>{% endif %}<mj-raw><b>x</b></mj-raw>"),
    whole("\n<mj-section></mj-section>", '<mj-head><mj-title>t</mj-title>\n<mj-preview>p</mj-preview><mj-attributes>'
          '<mj-all color="#333" /><mj-class name="big" font-size="20px" /></mj-attributes>'
          '<mj-style inline="inline">.a p { margin: 0 }</mj-style><mj-breakpoint width="480px" /></mj-head>'),
)  # fmt: skip
TOKENS: Sequence[str] = (
    *("{{", "}}", "{%", "%}", "{#", "#}", "{{ contact.first_name }}", "{% if x %}", "{% endif %}", "{% endfor %}"),
    *("{% for row in rows %}", "{% raw %}", "{% endraw %}", "{{ contact.__class__ }}", "{{ self }}", "{%-", "-%}"),
    *("{% autoescape false %}{% endautoescape %}", "{% set x = 1 %}", "{{ 'a' * 999999999 }}", "{{ [[[[[[ }}"),
    *("<mj-", "</mj-", "<mj-text>", "</mj-text>", "<mj-column>", "</mj-column>", "<mj-body>", "</mjml>", "<mjml>"),
    *("<mj-carousel>", "<mj-html-attributes>", "<mj-raw>", "</mj-raw>", "<mj-style>", "</mj-style>", "<mj-attributes>"),
    *("<!--", "-->", "<!--[if", "<!--[if mso]>", "<![endif]-->", "]]>", "<![CDATA[", "<?xml ?>", "<!DOCTYPE x [", "<!"),
    *("&#", "&#0;", "&#x110000;", "&#55296;", "&#123;{", "&amp", "&", "<", ">", '"', "'", "=", "/", "/>", "\\", "`"),
    *("<p>", "</p>", "<br>", "<table>", "</td>", "<a href=", ' href="javascript:x"', ' style="', "url(", "expression("),
    *("jq00000zx", "jq99999zx", "cq00000zx", "editable-", ' css-class="editable"', ' mj-class="big"', ' width="-1px"'),
    *(' padding="1e999px"', ' width="99999999999999999999px"', ' width="NaN"', ' font-size="0"', ' color="#12"'),
    *("\0", "\x01", "\x0b", "\x0c", "\r", "\r\n", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\u200b", "\u202e"),
    *("\ud800", "\udfff", "\ud83d", "👩‍👩‍👧", "é", "İ", "ﬁ", "＜", "\U0010ffff", "\ufffe"),
    *("\xa0", "---\n", "\n---\n", ": ", "!!python/object:x", "&a [*a, *a]"),
)  # fmt: skip

Mutation = Callable[[random.Random, str], str]


def flip(rng: random.Random, text: str) -> str:
    """One bit of one byte, as a bad disk would."""
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data.decode("utf-8", "surrogateescape")


def delete(rng: random.Random, text: str) -> str:
    start = rng.randrange(len(text))
    return text[:start] + text[start + rng.choice((1, 1, 2, 5, 20, 80)) :]


def duplicate(rng: random.Random, text: str) -> str:
    start = rng.randrange(len(text))
    piece = text[start : start + rng.choice((1, 3, 10, 40, 120))]
    return text[:start] + piece * rng.choice((2, 2, 3, 8)) + text[start:]


def move(rng: random.Random, text: str) -> str:
    start, to = rng.randrange(len(text)), rng.randrange(len(text))
    piece = text[start : start + rng.choice((2, 8, 30))]
    rest = text[:start] + text[start + len(piece) :]
    return rest[:to] + piece + rest[to:]


def splice(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(TOKENS) + text[at:]


def splice_at_a_border(rng: random.Random, text: str) -> str:
    """Where tags meet, a token does more harm."""
    borders = [place for place, char in enumerate(text) if char in '<>{}"= '] or [0]
    at = rng.choice(borders) + rng.randrange(2)
    return text[:at] + rng.choice(TOKENS) + text[at:]


def replace_a_word(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(TOKENS) + text[at + rng.choice((1, 2, 4, 8)) :]


def nest(rng: random.Random, text: str) -> str:
    tag = rng.choice(("span", "b", "table", "mj-wrapper", "mj-section", "mj-column", "mj-text", "x"))
    depth = rng.choice((2, 20, 61, 300))
    at = rng.randrange(len(text) + 1)
    inner = rng.choice(("x", "", "{{ today }}"))
    return text[:at] + f"<{tag}>" * depth + inner + f"</{tag}>" * rng.choice((depth, depth - 1)) + text[at:]


def nest_expressions(rng: random.Random, text: str) -> str:
    depth = rng.choice((10, 100, 250))
    opened, closed = rng.choice((("(", ")"), ("[", "]"), ("not ", ""), ("{% if today %}", "{% endif %}"), ("-", "")))
    bare = opened.startswith("{%")
    inside = opened * depth + ("x" if bare else "today") + closed * depth
    at = rng.randrange(len(text) + 1)
    return text[:at] + (inside if bare else "{{ " + inside + " }}") + text[at:]


def huge_attribute(rng: random.Random, text: str) -> str:
    name = rng.choice(("color", "padding", "css-class", "href", "style", "alt", "x", "font-family"))
    value = rng.choice(("a", "1px ", "#", ";", "&amp;", "a:b;", "x y ", "\t", "(")) * rng.choice((100, 3_000))
    return (
        text.replace(">", f' {name}="{value}">', 1)
        if rng.random() < 0.5
        else f' {name}="{value}">'.join(text.rsplit(">", 1))
    )


def cut(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text))]


GENTLE: Sequence[str] = (
    *(
        "é",
        "&amp;",
        "&nbsp;",
        "&#8203;",
        "\u00a0",
        "👩‍👩‍👧",
        "<br>",
        "<b>x</b>",
        "<!-- x -->",
        "{# x #}",
        "-->",
        "]]&gt;",
    ),
    *(
        "{{ contact.first_name }}",
        "{{ '<' }}",
        "{% if contact.title %}x{% endif %}",
        "a" * 300,
        " " * 50,
        "\n",
        "\r\n",
        "\t",
    ),
    *("{% for row in rows %}{{ row.item }}{% endfor %}", '<a href="https://gitlab.com/">x</a>', "&lt;script&gt;", "﷽"),
)
NUMBERS = ("0", "1", "-1", "007", "1.5", "33.333333", "99999", "1e3", "50%", "0.0001")


def reword(rng: random.Random, text: str) -> str:
    """Something odd but allowed among the words: these often pass, and so get far."""
    places = [match.end() for match in re.finditer(r"<(?:p|b|li|td|mj-text[^>]*)>", text)] or [0]
    at = rng.choice(places)
    return text[:at] + rng.choice(GENTLE) + text[at:]


def renumber(rng: random.Random, text: str) -> str:
    """Another size, width or code."""
    places = [match.span() for match in re.finditer(r"\d+", text)]
    if not places:
        return text
    start, end = rng.choice(places)
    return text[:start] + rng.choice(NUMBERS) + text[end:]


MUTATIONS: Sequence[Mutation] = (
    *(reword, reword, reword, reword, renumber, renumber, renumber),
    *(flip, delete, duplicate, move, splice, splice, splice_at_a_border, splice_at_a_border, replace_a_word),
    *(nest, nest_expressions, huge_attribute, cut),
)


def mutated(rng: random.Random, text: str) -> str:
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        text = rng.choice(MUTATIONS)(rng, text or " ")
    return text


def include(rng: random.Random, paths: Sequence[str]) -> str:
    """An include of a file that exists, one way or another."""
    path = rng.choice(paths)
    kind = rng.choice(("", ' type="mjml"', ' type="html"', ' type="css"', ' type="css" css-inline="inline"'))
    return rng.choice(
        (
            f'<mj-include path="{path}"{kind} />',
            f"<mj-include path='{path}'{kind}></mj-include>",
            f'<MJ-INCLUDE PATH="{path}"{kind}/>',
            f'<mj-include\npath = "{path}"{kind}>',
            f'<!-- --><mj-include path="{path}"{kind} /><!--',
            f'<mj-raw><mj-include path="{path}"{kind} /></mj-raw>',
            f'<mj-text><mj-include path="{path}"{kind} /></mj-text>',
            f'<mj-style><mj-include path="{path}" /></mj-style>',
            f"{{% include '{path}' %}}",
            f'<mj-image src="file://{path}" />',
            f'<mj-text><img src="file://{path}" alt=""></mj-text>',
            f'<mj-style>@import url("file://{path}");</mj-style>',
            f'<mj-font name="x" href="file://{path}" />',
            f'<!DOCTYPE x [<!ENTITY y SYSTEM "file://{path}">]>&y;',
        )
    )

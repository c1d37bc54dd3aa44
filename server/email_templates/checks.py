"""What can be wrong with a template that compiles: its size, styles, plain text, subject and compose fragment.

checks_source.py has the checks that look at the MJML itself.
"""

from __future__ import annotations

import html as html_lib
import re
from collections.abc import Iterator, Sequence

import lxml.html
from lxml.html import HtmlElement

from server.email_templates.jinja_env import HTML, TEXT
from server.email_templates.problems import Severity, TemplateProblem

LARGEST_BYTES = 100_000  # Gmail clips at about 102 KB; what is in front of the body counts too
LARGE_BYTES = 80_000
MOST_STYLE_CHARACTERS = 16_384
LONGEST_SUBJECT = 70
FEWEST_CHARACTERS = 20
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.S | re.I)
_CSS_TOKEN = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|@[\w-]+|[{};]", re.S)
_ADDRESS = re.compile(r"\(?(?:https?://|mailto:|tel:)\S*", re.I)
_REPLY = re.compile(r"\s*(?:re|fwd?|aw|wg)\s*:", re.I)
_URL = re.compile(r"url\(\s*[\"']?(.*?)[\"']?\s*\)", re.I)
_BACKGROUND = re.compile(r"(?:^|;)\s*(background(?:-color|-image)?)\s*:\s*((?:[^;(]|\([^)]*\))*)", re.I)
_VALUE = "\ufffc"  # stands for what a merge field will be filled with
_NO_COLOR = re.compile(
    r"[\d.+-]+(?:px|%|em)?|/|none|transparent|inherit|initial|center|top|bottom|left|right|cover|contain|auto"
    r"|repeat|repeat-[xy]|no-repeat|space|round|scroll|fixed|local|(?:border|padding|content)-box|!important",
    re.I,
)


def check_size(html: str, line: int = 0) -> list[TemplateProblem]:
    """`html` as it is sent: filled in where possible."""
    size = len(html.encode())
    if size <= LARGE_BYTES:
        return []
    severity = Severity.ERROR if size > LARGEST_BYTES else Severity.WARNING
    message = f"The email has {size / 1000:.0f} KB of HTML; Gmail cuts off what comes after about 102 KB."
    return [TemplateProblem(line=line, message=message, cure="Make it shorter.", severity=severity)]


def check_style_budget(html: str) -> list[TemplateProblem]:
    """Outlook's own styles stand in comments and do not count."""
    sheets = _STYLE.findall(_COMMENT.sub("", html))
    problems = []
    characters = sum(len(sheet) for sheet in sheets)
    if characters > MOST_STYLE_CHARACTERS:
        message = f"The styles have {characters:,} characters; over {MOST_STYLE_CHARACTERS:,}, Gmail drops them all."
        cure = 'Make them shorter, or write <mj-style inline="inline"> for those without @media.'
        problems.append(TemplateProblem(line=0, message=message, cure=cure))
    for name in dict.fromkeys(name for sheet in sheets for name in _nested_rules(sheet)):
        message = f"{name} stands inside another @-rule; Gmail drops such a <mj-style> as a whole."
        cure = "Write the conditions side by side: @media (…) and (…)."
        problems.append(TemplateProblem(line=0, message=message, cure=cure, severity=Severity.WARNING))
    return problems


def _nested_rules(css: str) -> Iterator[str]:
    """The names of @-rules inside @-rules, apart from the @gmail by which MJML's menu hides itself from Gmail."""
    opened: list[bool] = []
    is_rule = False
    for part in _CSS_TOKEN.findall(css):
        if part.startswith("@"):
            if any(opened) and part.lower() != "@gmail":
                yield part
            is_rule = True
        elif part in "{};":
            if part == "{":
                opened.append(is_rule)
            elif part == "}":
                del opened[-1:]
            is_rule = False


def check_text_part(text_jinja: str, html: str = "") -> list[TemplateProblem]:
    """`text_jinja` is the compiled plain text; its merge fields and addresses are no words of the author."""
    data = "".join(text for _, kind, text in TEXT.lex(text_jinja) if kind == "data")
    words = "".join(_ADDRESS.sub("", data).split())
    if not any(character.isalpha() for character in words):
        message = "The plain text has no words of its own."
        return [TemplateProblem(line=0, message=message, cure="Write a text, or say with alt what the images show.")]
    if len(words) < FEWEST_CHARACTERS and "<img" in html.lower():
        message = f"The plain text has only {len(words)} characters: nearly all of the email is in its images."
        cure = "Write as text what the reader must know; many programs do not show images at first."
        return [TemplateProblem(line=0, message=message, cure=cure, severity=Severity.WARNING)]
    return []


def check_subject(subject: str, line: int = 1) -> list[TemplateProblem]:
    """`subject` as its author wrote it, with Jinja that parses."""
    bare = "".join(text for _, kind, text in TEXT.lex(subject) if kind == "data")
    letters = [character for character in bare if character.isalpha()]
    found = []
    if len(bare) > LONGEST_SUBJECT:
        message = f"The subject has {len(bare)} characters without its merge fields; phones show about 40."
        found.append((message, f"Say it in less than {LONGEST_SUBJECT}."))
    if len(letters) > 5 and all(letter.isupper() for letter in letters):
        found.append(("The subject is all in capitals; spam filters look for that.", "Use small letters."))
    if bare.count("!") >= 3:
        found.append(("The subject has three or more exclamation marks.", "Use one, or none."))
    if _REPLY.match(subject):
        found.append(("The subject pretends to be a reply or to be forwarded.", "Start with the matter itself."))
    return [
        TemplateProblem(line=line, message=message, cure=cure, severity=Severity.WARNING) for message, cure in found
    ]


def check_compose(
    fragment_problems: Sequence[TemplateProblem], html: str, mjml: str = "", first_line: int = 1
) -> list[TemplateProblem]:
    """The fragment's own problems, and text that needs a background image: 0 is its line when `mjml` does not tell.

    `html` is the compiled HTML, with its Jinja.
    """
    body = lxml.html.document_fromstring(_without_jinja(html))
    images = dict.fromkeys(
        address for element in body.iter("*") if (address := _lone_image(element)) and _has_text(element)
    )
    message = "Text stands on a background image without a colour behind it; without the image it may not be readable."
    cure = "Add a background-color on which the text can be read."
    lines = dict.fromkeys(_line_of(address, mjml, first_line) for address in images)
    return [
        *fragment_problems,
        *(TemplateProblem(line=line, message=message, cure=cure, severity=Severity.WARNING) for line in lines),
    ]


def _without_jinja(html: str) -> str:
    """Jinja may hold quotes and brackets, on which a parser of HTML or CSS would stumble."""
    pieces = ((kind, text) for _, kind, text in HTML.lex(html) if kind in ("data", "variable_begin"))
    return "".join(text if kind == "data" else _VALUE for kind, text in pieces)


def _line_of(address: str, mjml: str, first_line: int) -> int:
    """Where an address first stands in the source, looked for up to its first merge field."""
    literal = address.partition(_VALUE)[0]
    places = [mjml.find(written) for written in (literal, html_lib.escape(literal)) if literal]
    place = max(places, default=-1)
    return first_line + mjml.count("\n", 0, place) if place >= 0 else 0


def _lone_image(element: HtmlElement) -> str:
    """The address of a background image that has no colour beside it, or nothing."""
    style = str(element.get("style") or "")
    if _has_color(element):
        return ""
    image = _URL.search(" ".join(value for _, value in _BACKGROUND.findall(style)))
    return image[1] if image else str(element.get("background") or "")


def _has_color(element: HtmlElement) -> bool:
    if element.get("bgcolor"):
        return True
    values = [
        value
        for name, value in _BACKGROUND.findall(str(element.get("style") or ""))
        if name.lower() != "background-image"
    ]
    return any(not _NO_COLOR.fullmatch(part) for value in values for part in _URL.sub("", value).split())


def _has_text(element: HtmlElement) -> bool:
    """True when some text in the element has no colour of its own behind it."""
    if (element.text or "").strip():
        return True
    for child in element:
        if isinstance(child.tag, str) and not _has_color(child) and _has_text(child):
            return True
        if (child.tail or "").strip():
            return True
    return False

"""Jinja tags become markers that survive layout, URLs, CSS and entities, and come back where they landed."""

from __future__ import annotations

import bisect
import html
import re
from dataclasses import dataclass, field

from server.email_templates.problems import TemplateInvalid, TemplateProblem

MARKER = re.compile(r"jq\d{5}zx")
_RESERVED = re.compile(r"[jcup]q\d{5}zx")
_TAG = re.compile(
    r"\{#.*?#\}"
    r"|\{\{(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^'\"])*?\}\}"
    r"|\{%(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^'\"])*?%\}",
    re.S,
)
_LONGEST_TAG = 600
_MOST_TAGS = 2_000


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A Jinja tag. `word` is its keyword ("if", "endfor", …), empty for `{{ }}`; `inside` is what the braces hold."""

    inside: str
    word: str
    line: int

    @property
    def is_output(self) -> bool:
        return not self.word

    @property
    def source(self) -> str:
        return f"{{{{ {self.inside} }}}}" if self.is_output else f"{{% {self.inside} %}}"


@dataclass(kw_only=True)
class Masked:
    """The text with markers, the tags by marker, and the way back from a place here to a place in the source."""

    source: str
    first_line: int = 1
    text: str = ""
    tags: dict[str, Tag] = field(default_factory=dict)
    _here: list[int] = field(default_factory=lambda: [0])
    _there: list[int] = field(default_factory=lambda: [0])

    def offset_in_source(self, offset: int) -> int:
        index = bisect.bisect_right(self._here, offset) - 1
        return self._there[index] + offset - self._here[index]

    def line_of(self, offset: int) -> int:
        return self.first_line + self.source.count("\n", 0, self.offset_in_source(offset))

    def unmask(self, text: str) -> str:
        """Every marker back to the tag as the author wrote it, apart from white space inside the braces."""
        return MARKER.sub(lambda match: self.tags[match[0]].source, text)


def mask(source: str, first_line: int = 1) -> Masked:
    """Jinja must have parsed `source` already. Raises TemplateInvalid for tags that cannot be carried through."""
    masked = Masked(source=source, first_line=first_line)
    _refuse_what_looks_like_ours(source, first_line)
    parts: list[str] = []
    length = last = 0
    for match in _TAG.finditer(source):
        plain = source[last : match.start()]
        written = ""
        if not match[0].startswith("{#"):
            if len(masked.tags) == _MOST_TAGS:
                line = first_line + source.count("\n", 0, match.start())
                _refuse(line, f"There are more than {_MOST_TAGS} Jinja tags.", "Make the template simpler.")
            written = f"jq{len(masked.tags):05d}zx"
            masked.tags[written] = _tag(match[0], first_line + source.count("\n", 0, match.start()))
        parts += [plain, written]
        length += len(plain) + len(written)
        last = match.end()
        masked._here.append(length)
        masked._there.append(last)
    masked.text = "".join([*parts, source[last:]])
    return masked


def _tag(text: str, line: int) -> Tag:
    inside = text[2:-2]
    if inside[:1] in "-+" or inside[-1:] in ("-", "+"):
        _refuse(line, f"{text[:40]} trims white space.", "Leave the dash out: white space does not show in an email.")
    if len(text) > _LONGEST_TAG:
        _refuse(line, f"A tag is longer than {_LONGEST_TAG} characters.", "Make it shorter.")
    inside = " ".join(inside.split("\n")).strip()
    word = "" if text.startswith("{{") else inside.partition(" ")[0]
    if word in ("raw", "endraw"):
        _refuse(line, "{% raw %} cannot be used in a template.", 'Write braces as {{ "{{" }}.')
    return Tag(inside=inside, word=word, line=line)


def _refuse_what_looks_like_ours(source: str, first_line: int) -> None:
    for number, line in enumerate(source.split("\n"), start=first_line):
        if _RESERVED.search(line):
            _refuse(number, "This text is reserved for our own use.", "Change it.")
        if "&" in line and len(re.findall(r"\{[{%#]", html.unescape(line))) != len(re.findall(r"\{[{%#]", line)):
            _refuse(number, "A brace is written as an entity.", "Write merge fields as {{ contact.first_name }}.")
    if "\0" in source:
        _refuse(first_line, "The text has a NUL character.", "Remove it.")


def _refuse(line: int, message: str, cure: str) -> None:
    raise TemplateInvalid([TemplateProblem(line=line, message=message, cure=cure)])

"""Jinja blocks must open and close in one element, or the layout between them would fall apart."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from server.email_templates.mjml.mask import MARKER, Tag
from server.email_templates.problems import TemplateProblem

_OPENS = {"if", "for"}
_CLOSES = {"endif": "if", "endfor": "for", "elif": "if", "else": ""}


@dataclass(kw_only=True)
class BlockStack:
    """Reads the markers in document order. A place is anything that tells one element from another."""

    tags: dict[str, Tag]
    problems: list[TemplateProblem] = field(default_factory=list)
    _open: list[tuple[Tag, Hashable]] = field(default_factory=list)

    def read(self, text: str, place: Hashable) -> None:
        for match in MARKER.finditer(text):
            self._read_tag(self.tags[match[0]], place)

    def _read_tag(self, tag: Tag, place: Hashable) -> None:
        if tag.word in _OPENS:
            self._open.append((tag, place))
        elif tag.word in _CLOSES and self._open:
            opened, where = self._open[-1]
            if where != place:
                self.problems.append(
                    TemplateProblem(
                        line=tag.line,
                        message=f"{{% {tag.word} %}} stands in another element than {opened.source}.",
                        cure="Open and close it in the same paragraph or element.",
                    )
                )
            if tag.word.startswith("end"):
                self._open.pop()

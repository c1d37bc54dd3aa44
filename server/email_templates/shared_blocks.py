"""<mj-include path="blocks/footer.mjml" />: shared blocks come from a dictionary, and nothing else can be included."""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from server.email_templates.mjml.schema import suggestion
from server.email_templates.problems import TemplateInvalid, TemplateProblem

FOLDER = "blocks"
# Bounded, so that a text full of unclosed tags costs nothing.
_INCLUDE = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<mj-include\b((?:[^>\"']|\"[^\"]{0,200}\"|'[^']{0,200}'){0,300})>(?:\s{0,99}</mj-include\s{0,9}>)?",
    re.S,
)
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_PATH = re.compile(rf"{FOLDER}/([a-z0-9-]+)\.mjml")
_MOST = 50
_CURE = f'Write <mj-include path="{FOLDER}/NAME.mjml" /> with the name of a shared block.'


@dataclass(frozen=True, kw_only=True)
class Expanded:
    """MJML with its blocks in place. `used` are their slugs in order; the way back from a line is `origin`."""

    mjml: str
    used: tuple[str, ...]
    _lines: tuple[int, ...]
    _origins: tuple[tuple[str, int], ...]

    def origin(self, line: int) -> tuple[str, int]:
        """(file, line) of a line counted from 1 here: the file is empty for the template itself."""
        index = bisect.bisect_right(self._lines, line) - 1
        file, start = self._origins[max(index, 0)]
        return file, start + line - self._lines[max(index, 0)]

    def placed(self, problem: TemplateProblem) -> TemplateProblem:
        """A problem with a line of `mjml`, moved to where its author wrote it."""
        if not problem.line:
            return problem
        file, line = self.origin(problem.line)
        return replace(problem, file=file or problem.file, line=line)


def path_of(slug: str) -> str:
    return f"{FOLDER}/{slug}.mjml"


def included(mjml: str) -> tuple[str, ...]:
    """The slugs of the blocks that MJML names, known or not."""
    paths = (_PATH.fullmatch(_attributes(match[1]).get("path", "")) for match in _INCLUDE.finditer(mjml) if match[1])
    return tuple(dict.fromkeys(path[1] for path in paths if path))


def expand(mjml: str, blocks: Mapping[str, tuple[str, int]], first_line: int = 1) -> Expanded:
    """`blocks` maps slugs to (MJML, line of its file where that begins). Raises TemplateInvalid with the lines."""
    parts: list[str] = []
    lines, origins = [1], [("", first_line)]
    used: list[str] = []
    problems: list[TemplateProblem] = []
    last = here = 0  # `here` counts the line breaks of what is written so far
    for match in _INCLUDE.finditer(mjml):
        if match[1] is None:  # a comment
            continue
        line = first_line + mjml.count("\n", 0, match.start())
        slug, problem = _slug(_attributes(match[1]), blocks, line, len(used))
        if problem:
            problems.append(problem)
            continue
        before = mjml[last : match.start()]
        block, block_line = blocks[slug]
        # On lines of its own, so that each line has one author.
        parts += [before, "\n", block, "\n"]
        here += before.count("\n") + 1
        lines += [here + 1, here + block.count("\n") + 2]
        origins += [(path_of(slug), block_line), ("", line + match[0].count("\n"))]
        here += block.count("\n") + 1
        used.append(slug)
        last = match.end()
    if problems:
        raise TemplateInvalid(problems)
    whole = "".join([*parts, mjml[last:]])
    return Expanded(mjml=whole, used=tuple(dict.fromkeys(used)), _lines=tuple(lines), _origins=tuple(origins))


def _slug(
    attributes: Mapping[str, str], blocks: Mapping[str, tuple[str, int]], line: int, so_far: int
) -> tuple[str, TemplateProblem | None]:
    path = attributes.get("path", "")
    match = _PATH.fullmatch(path)
    odd = attributes.keys() - {"path"}
    if so_far >= _MOST:
        return "", TemplateProblem(line=line, message=f"There are more than {_MOST} includes.", cure="Use fewer.")
    if odd:
        message = f"<mj-include> has {', '.join(sorted(odd))}, which is not supported."
        return "", TemplateProblem(line=line, message=message, cure=_CURE)
    if not match:
        message = f"{path[:60]!r} is not a shared block: nothing else can be included."
        return "", TemplateProblem(line=line, message=message, cure=_CURE)
    if match[1] not in blocks:
        cure = suggestion(match[1], blocks) or (f"Known are: {', '.join(sorted(blocks))}." if blocks else _CURE)
        return "", TemplateProblem(line=line, message=f"There is no shared block {match[1]!r}.", cure=cure)
    return match[1], None


def _attributes(text: str) -> dict[str, str]:
    return {match[1]: match[2][1:-1] for match in _ATTRIBUTE.finditer(text)}

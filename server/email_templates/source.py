"""A template as its author writes it: a few lines of YAML between ---, then MJML."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from server.email_templates.mjml.schema import suggestion
from server.email_templates.problems import TemplateInvalid, TemplateProblem


class Category(StrEnum):
    ONBOARDING = "onboarding"
    RENEWAL = "renewal"
    EBR = "ebr"
    ADOPTION = "adoption"
    RISK = "risk"
    DIGITAL_JOURNEY = "digital_journey"


@dataclass(frozen=True, kw_only=True)
class TemplateSource:
    """`slug` is the file's name; the lines say where in the file the subject and the MJML start."""

    slug: str
    name: str
    subject: str
    category: Category
    purpose: str
    mjml: str
    description: str = ""
    subject_line: int = 1
    mjml_line: int = 1

    @property
    def hash(self) -> str:
        """Of everything the author wrote; not of where in the file it stands."""
        written = {key: value for key, value in asdict(self).items() if not key.endswith("_line")}
        return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


_NEEDED = ("name", "subject", "category", "purpose")
_KEYS = (*_NEEDED, "description")
_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)", re.S)


def parse_source(text: str, slug: str) -> TemplateSource:
    """Raises TemplateInvalid with the lines of the file."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        _refuse(0, f"The file name {slug!r} is not a slug.", "Use small letters, digits and dashes.")
    match = _FRONT.match(text)
    if not match:
        _refuse(1, "The file does not start with its YAML lines.", "Put name, subject, category, purpose between ---.")
    values = _front_matter(match[1])
    lines = {line.partition(":")[0]: number for number, line in enumerate(match[1].split("\n"), 2)}
    problems = [
        TemplateProblem(line=1, message=f"{key} is missing.", cure=f"Add {key}: … between the --- lines.")
        for key in _NEEDED
        if not str(values.get(key) or "").strip()
    ]
    problems += _odd_values(values, lines)
    if problems:
        raise TemplateInvalid(problems)
    return TemplateSource(
        slug=slug,
        category=Category(values.pop("category")),
        mjml=text[match.end() :],
        subject_line=lines.get("subject", 1),
        mjml_line=text.count("\n", 0, match.end()) + 1,
        **{key: " ".join(str(value).split()) for key, value in values.items()},
    )


def _front_matter(text: str) -> dict[str, Any]:
    try:
        values = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 2
        _refuse(line, f"The YAML cannot be read: {error.problem or error.context}.", "Put texts with : or { in quotes.")
    except (YAMLError, ValueError):
        _refuse(1, "The YAML cannot be read.", "Write one key: value on each line.")
    if not isinstance(values, dict):
        _refuse(1, "The YAML lines are not a list of key: value.", f"Use {', '.join(_KEYS)}.")
    return values


def _odd_values(values: dict[str, Any], lines: dict[str, int]) -> list[TemplateProblem]:
    problems = []
    for key, value in values.items():
        line = lines.get(str(key), 1)
        if key not in _KEYS:
            cure = suggestion(str(key), _KEYS) or f"Known are: {', '.join(_KEYS)}."
            problems.append(TemplateProblem(line=line, message=f"There is no key {key}.", cure=cure))
        elif value is not None and not isinstance(value, str):
            problems.append(TemplateProblem(line=line, message=f"{key} is not a text.", cure="Put it in quotes."))
        elif key == "category" and value and value not in tuple(Category):
            cure = f"Use one of {', '.join(Category)}."
            problems.append(TemplateProblem(line=line, message=f"There is no category {value!r}.", cure=cure))
    return problems


def _refuse(line: int, message: str, cure: str) -> NoReturn:
    raise TemplateInvalid([TemplateProblem(line=line, message=message, cure=cure)])

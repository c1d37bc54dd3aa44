"""What Jinja a template may use: merge fields, a few filters, if, and loops two deep. Everything else is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from jinja2 import Environment, TemplateSyntaxError, nodes

from server.email_templates.catalogue import MergeField, nearest, value_tree
from server.email_templates.filters import FILTERS
from server.email_templates.problems import TemplateInvalid, TemplateProblem

TESTS = frozenset({"defined", "none", "even", "odd"})
LOOP_FIELDS = frozenset({"index", "first", "last", "length"})
_DEEPEST_LOOP = 2
_DEEPEST_EXPRESSION = 12
_LONGEST_TEXT = 500
_SPOKEN = {
    "Call": "a call",
    "Assign": "{% set %}",
    "AssignBlock": "{% set %}",
    "Macro": "{% macro %}",
    "Include": "{% include %}",
    "Import": "{% import %}",
    "FromImport": "{% import %}",
    "Extends": "{% extends %}",
    "Block": "{% block %}",
    "FilterBlock": "{% filter %}",
    "CallBlock": "{% call %}",
    "With": "{% with %}",
    "Getitem": "square brackets",
    "List": "a list",
    "Dict": "a dictionary",
    "Tuple": "a tuple",
    "Concat": "~",
}


def read(
    source: str, environment: Environment, fields: Sequence[MergeField], first_line: int = 1
) -> tuple[list[TemplateProblem], list[str]]:
    """Every problem of the Jinja in a text, and the paths of the merge fields it uses, in order.

    Raises TemplateInvalid when Jinja cannot read it at all.
    """
    try:
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        line = first_line + (error.lineno or 1) - 1
        message = f"{(error.message or 'The Jinja cannot be read').rstrip('.')}."
        _stop(line, message, "Check the braces {{ }} and {% %}.")
    except RecursionError:
        _stop(first_line, "An expression is nested too deep.", "Make it simpler.")
    reader = _Reader(fields, first_line)
    reader.read(tree)
    return reader.problems, list(dict.fromkeys(reader.paths))


def _stop(line: int, message: str, cure: str) -> NoReturn:
    raise TemplateInvalid([TemplateProblem(line=line, message=message, cure=cure)])


def path_of(node: nodes.Node) -> str | None:
    """a.b.c for a chain of names, else None."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        before = path_of(node.node)
        return f"{before}.{node.attr}" if before else None
    return None


class _Reader:
    def __init__(self, fields: Sequence[MergeField], first_line: int) -> None:
        self._known = [field.path for field in fields]
        self._scope: dict[str, Any] = value_tree([(field.path, field.example) for field in fields])
        self._rows: set[str] = set()
        self._loops = 0
        self._depth = 0
        self._first_line = first_line
        self.problems: list[TemplateProblem] = []
        self.paths: list[str] = []

    def read(self, node: nodes.Node | None) -> None:
        """Dispatch by node kind; what has no method here is refused."""
        if node is None:
            return
        method = getattr(self, f"_read_{type(node).__name__.lower()}", None)
        if method is None:
            kind = type(node).__name__
            self._refuse(node, f"{_SPOKEN.get(kind, kind)} cannot be used in a template.", "Use merge fields and if.")
        elif self._depth > _DEEPEST_EXPRESSION:
            # Jinja tries to work constants out in advance, at every level again: seconds, from some dozens of levels.
            self._refuse(node, "An expression is nested too deep.", "Make it simpler.")
        else:
            self._depth += isinstance(node, nodes.Expr)
            method(node)
            self._depth -= isinstance(node, nodes.Expr)

    def _refuse(self, node: nodes.Node, message: str, cure: str = "") -> None:
        line = self._first_line + (node.lineno or 1) - 1
        self.problems.append(TemplateProblem(line=line, message=message, cure=cure))

    def _read_all(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self.read(child)

    _read_template = _read_output = _read_and = _read_or = _read_not = _read_compare = _read_operand = _read_all

    def _read_templatedata(self, node: nodes.TemplateData) -> None:
        """Plain text."""

    def _read_const(self, node: nodes.Const) -> None:
        if isinstance(node.value, str) and len(node.value) > _LONGEST_TEXT:
            self._refuse(node, f"A text in quotes is longer than {_LONGEST_TEXT} characters.")

    def _read_if(self, node: nodes.If) -> None:
        self._read_all(node)

    def _read_condexpr(self, node: nodes.CondExpr) -> None:
        if node.expr2 is None:
            self._refuse(node, "A short if has no else.", 'Write {{ "…" if … else "…" }}.')
        self._read_all(node)

    def _read_name(self, node: nodes.Name) -> None:
        self._field(node, node.name)

    def _read_getattr(self, node: nodes.Getattr) -> None:
        path = path_of(node)
        if path is None:
            self._refuse(node, f".{node.attr} stands after something that is not a merge field.")
        else:
            self._field(node, path)

    def _field(self, node: nodes.Node, path: str) -> None:
        parts = path.split(".")
        if any(part.startswith("_") for part in parts):
            self._refuse(node, f"{path} starts with an underscore.", "Use a merge field.")
            return
        if parts[0] == "loop" and self._loops and len(parts) == 2 and parts[1] in LOOP_FIELDS:
            return
        place: Any = self._scope
        for part in parts:
            if not isinstance(place, dict) or part not in place:
                self._unknown(node, path)
                return
            place = place[part]
        if isinstance(place, dict):
            known = ", ".join(f"{path}.{name}" for name in place)
            self._refuse(node, f"{path} is a group of merge fields.", f"Use one of {known}.")
        elif parts[0] not in self._rows:
            self.paths.append(path)

    def _unknown(self, node: nodes.Node, path: str) -> None:
        near = nearest(path, self._known)
        cure = f"Did you mean {near}?" if near else f"Known are: {', '.join(self._known)}."
        self._refuse(node, f"There is no merge field {path}.", cure)

    def _read_filter(self, node: nodes.Filter) -> None:
        if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
            self._refuse(node, f"The filter {node.name} is used in a way that is not supported.")
            return
        if node.name not in FILTERS:
            near = nearest(node.name, list(FILTERS))
            cure = f"Did you mean {near}?" if near else f"Known are: {', '.join(FILTERS)}."
            self._refuse(node, f"There is no filter {node.name}.", cure)
        elif len(node.args) not in FILTERS[node.name][1] or not all(isinstance(a, nodes.Const) for a in node.args):
            cure = 'Write |default("…").' if node.name == "default" else "Use plain values in quotes."
            self._refuse(node, f"The filter {node.name} does not take these arguments.", cure)
        self._read_all(node)

    def _read_test(self, node: nodes.Test) -> None:
        if node.name not in TESTS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            self._refuse(node, f"There is no test {node.name} here.", f"Known are: {', '.join(sorted(TESTS))}.")
        self.read(node.node)

    def _read_for(self, node: nodes.For) -> None:
        if not isinstance(node.target, nodes.Name) or node.recursive or node.test is not None:
            self._refuse(node, "This loop is not supported.", "Write {% for thing in things %}.")
            return
        name, path = node.target.name, path_of(node.iter)
        rows = self._at(path) if path else None
        self.read(node.iter)
        if path is None:
            self._refuse(
                node, "A loop goes over something that is not a merge field.", "Write {% for thing in things %}."
            )
        if rows is not None and not isinstance(rows, list | tuple):
            self._refuse(node.iter, f"{path} is not a list.", "Loop over a merge field that holds a list.")
        if name in self._scope or name == "loop" or name.startswith("_"):
            self._refuse(node, f"The loop calls its variable {name}, which means something else.", "Rename it.")
            return
        self._in_loop(node, name, rows[0] if isinstance(rows, list | tuple) and rows else "")

    def _in_loop(self, node: nodes.For, name: str, row: Any) -> None:
        self._loops += 1
        if self._loops > _DEEPEST_LOOP:
            self._refuse(node, f"Loops are nested deeper than {_DEEPEST_LOOP}.")
        self._scope[name] = row
        self._rows.add(name)
        for child in node.body:
            self.read(child)
        self._loops -= 1
        del self._scope[name]
        self._rows.discard(name)
        for child in node.else_:
            self.read(child)

    def _at(self, path: str) -> Any:
        place: Any = self._scope
        for part in path.split("."):
            place = place.get(part) if isinstance(place, dict) else None
        return place

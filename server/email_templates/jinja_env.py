"""The sandbox in which templates run, and the templates ready to run, kept by their content."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, Template, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from server.email_templates.allowed import TESTS, path_of
from server.email_templates.filters import FILTERS, OURS, shown

_ORDERING = frozenset({"lt", "lteq", "gt", "gteq"})


class MailEnvironment(ImmutableSandboxedEnvironment):
    """Knows only our filters; a dot reads a dict and nothing else, so no method of any value can be reached."""

    def __init__(self, *, autoescape: bool, finalize: Any) -> None:
        super().__init__(
            loader=BaseLoader(),
            undefined=StrictUndefined,
            autoescape=autoescape,
            finalize=finalize,
            keep_trailing_newline=True,
            cache_size=0,
        )
        self.globals.clear()
        self.filters = {name: filter_[0] for name, filter_ in FILTERS.items()} | OURS
        self.tests = {name: test for name, test in self.tests.items() if name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if type(obj).__module__ == "jinja2.runtime":  # loop.index and its like; the allow-list names which
            return super().getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self.undefined(obj=obj, name=str(argument))


def _one_line(value: Any) -> Any:
    """In plain text a value must not make lines of its own."""
    value = shown(value)
    return " ".join(value.split()) if isinstance(value, str) else value


HTML = MailEnvironment(autoescape=True, finalize=shown)
TEXT = MailEnvironment(autoescape=False, finalize=_one_line)


def _with_needs(body: list[nodes.Node]) -> None:
    """Puts `mail_need` around every merge field whose value is used; what an if only asks about may be missing."""
    for node in body:
        if isinstance(node, nodes.Output):
            node.nodes = [_value(child) for child in node.nodes]
        elif isinstance(node, nodes.If):
            node.test = _asked(node.test)
            for branch in (node.body, node.elif_, node.else_):
                _with_needs(list(branch))
        elif isinstance(node, nodes.For):
            node.iter = _value(node.iter)
            _with_needs(node.body)
            _with_needs(node.else_)


def _value(node: nodes.Node) -> nodes.Expr:
    assert isinstance(node, nodes.Expr)
    path = path_of(node)
    if path is not None:
        return node if path.startswith("loop.") else _need(node, path)
    if isinstance(node, nodes.Filter) and node.node is not None and node.name != "default":
        node.node = _value(node.node)
    elif isinstance(node, nodes.CondExpr):
        node.test = _asked(node.test)
        node.expr1 = _value(node.expr1)
        node.expr2 = _value(node.expr2) if node.expr2 else None
    elif isinstance(node, nodes.Or):
        node.right = _value(node.right)
    elif not isinstance(node, nodes.TemplateData | nodes.Const | nodes.Filter):
        return _asked(node)
    return node


def _asked(node: nodes.Node) -> nodes.Expr:
    assert isinstance(node, nodes.Expr)
    for compare in [node, *node.find_all(nodes.Compare)]:
        if isinstance(compare, nodes.Compare) and any(operand.op in _ORDERING for operand in compare.ops):
            compare.expr = _value(compare.expr)
            for operand in compare.ops:
                operand.expr = _value(operand.expr)
    return node


def _need(node: nodes.Expr, path: str) -> nodes.Filter:
    return nodes.Filter(node, "mail_need", [nodes.Const(path)], [], None, None, lineno=node.lineno)


@lru_cache(maxsize=512)
def ready(source: str, *, is_html: bool) -> Template:
    """The template, ready to run. Only for sources that the allow-list has passed."""
    environment = HTML if is_html else TEXT
    tree = environment.parse(source)
    _with_needs(tree.body)
    return environment.template_class.from_code(environment, environment.compile(tree), {}, None)

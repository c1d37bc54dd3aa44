"""The sandbox in which templates run, and the templates ready to run, kept by their content."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from server.email_templates.allowed import TESTS, path_of
from server.email_templates.filters import FILTERS, OURS, REFUSING, UNSENDABLE, shown

_TAKING_LISTS = frozenset({"first", "join"})
_SPECIAL = re.compile("[&<>'\"]")
_DEEPEST_BLOCK = 30
_ORDERING = frozenset({"lt", "lteq", "gt", "gteq"})


def escaped(value: object) -> str:
    """What markupsafe's `escape` writes of a `shown` value, without an object around each: four times faster."""
    if type(value) is not str:
        value = shown(value)
        if type(value) is not str:
            return str(escape(value))
    if _SPECIAL.search(value) is None:
        return value
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace("'", "&#39;").replace('"', "&#34;")


class _Escaping(CodeGenerator):
    """Writes each value by `escaped`. Should Jinja rename these hooks one day, its own escape and our `finalize` are
    used, which do the same."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if _escapes(frame):
            self.write("environment.escaped(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if _escapes(frame):
            self.write(")")
        else:
            super()._output_child_post(node, frame, finalize)


def _escapes(frame: Frame) -> bool:
    return frame.eval_ctx.autoescape and not frame.eval_ctx.volatile


class MailEnvironment(ImmutableSandboxedEnvironment):
    """Knows only our filters; a dot reads a dict and nothing else, so no method of any value can be reached."""

    code_generator_class = _Escaping

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
        self.escaped = escaped
        self.filters = {name: filter_[0] for name, filter_ in FILTERS.items()} | OURS
        self.tests = {name: test for name, test in self.tests.items() if name in TESTS}

    def parse(self, source: str, name: str | None = None, filename: str | None = None) -> nodes.Template:
        """Raises TemplateSyntaxError also for what Jinja reads but no template may hold."""
        odd = UNSENDABLE.search(source)
        if odd:
            line = source.count("\n", 0, odd.start()) + 1
            raise TemplateSyntaxError(f"The text has a character that no email may hold (U+{ord(odd[0]):04X})", line)
        tree = super().parse(source, name, filename)
        for node in tree.find_all(nodes.ScopedEvalContextModifier):
            raise TemplateSyntaxError("{% autoescape %} cannot be used in a template", node.lineno)
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict:  # `render` hands over copies, so no subclass comes here
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if type(obj).__module__ == "jinja2.runtime":  # loop.index and its like; the allow-list names which
            return super().getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self.undefined(obj=obj, name=str(argument))


def _one_line(value: Any) -> Any:
    """In plain text a value must not make lines of its own."""
    if type(value) is not str:
        value = shown(value)
    return " ".join(value.split()) if isinstance(value, str) else value


HTML = MailEnvironment(autoescape=True, finalize=shown)
TEXT = MailEnvironment(autoescape=False, finalize=_one_line)


def _with_needs(body: list[nodes.Node], depth: int = 0) -> None:
    """Puts `mail_need` around every merge field whose value is used; what an if only asks about may be missing."""
    for node in body:
        if depth > _DEEPEST_BLOCK:  # Python stops at 100 levels, and looks for a file to quote from when it does
            raise TemplateSyntaxError(f"more than {_DEEPEST_BLOCK} blocks stand inside each other", node.lineno)
        if isinstance(node, nodes.Output):
            node.nodes = [_value(child) for child in node.nodes]
        elif isinstance(node, nodes.If):
            node.test = _asked(node.test)
            for branch in (node.body, node.elif_, node.else_):
                _with_needs(list(branch), depth + 1)
        elif isinstance(node, nodes.For):
            node.iter = _rows(node.iter)
            _with_needs(node.body, depth + 1)
            _with_needs(node.else_, depth + 1)


def _value(node: nodes.Node) -> nodes.Expr:
    assert isinstance(node, nodes.Expr)
    path = path_of(node)
    if path is not None:
        return node if path.startswith("loop.") else _need(node, path)
    if isinstance(node, nodes.Filter) and node.node is not None:
        _filter(node, node.node)
    elif isinstance(node, nodes.CondExpr):
        node.test = _asked(node.test)
        node.expr1 = _value(node.expr1)
        node.expr2 = _value(node.expr2) if node.expr2 else None
    elif isinstance(node, nodes.Or):
        node.right = _value(node.right)
    elif not isinstance(node, nodes.TemplateData | nodes.Const | nodes.Filter):
        return _asked(node)
    return node


def _filter(node: nodes.Filter, inside: nodes.Expr) -> None:
    """What comes out of `default` is never missing. A filter that may refuse learns whose value it has."""
    if node.name in REFUSING:
        path = _path_inside(inside)
        if path:
            node.kwargs = [nodes.Keyword("of", nodes.Const(path))]  # type: ignore[list-item]  # as Jinja's parser does
    if node.name != "default":
        path = path_of(inside)
        as_list = path is not None and node.name in _TAKING_LISTS and not path.startswith("loop.")
        node.node = _need(inside, path, "mail_need_list") if path and as_list else _value(inside)


def _path_inside(node: nodes.Expr) -> str | None:
    while isinstance(node, nodes.Filter) and node.node is not None:
        node = node.node
    return path_of(node)


def _asked(node: nodes.Node) -> nodes.Expr:
    assert isinstance(node, nodes.Expr)
    for compare in [node, *node.find_all(nodes.Compare)]:
        if isinstance(compare, nodes.Compare) and any(operand.op in _ORDERING for operand in compare.ops):
            compare.expr = _value(compare.expr)
            for operand in compare.ops:
                operand.expr = _value(operand.expr)
    return node


def _rows(node: nodes.Node) -> nodes.Expr:
    assert isinstance(node, nodes.Expr)
    path = path_of(node)
    return _need(node, path, "mail_need_list") if path else _value(node)


def _need(node: nodes.Expr, path: str, by: str = "mail_need") -> nodes.Filter:
    """`mail_need_of` reads the group itself: one call for each value instead of two."""
    if isinstance(node, nodes.Getattr) and by == "mail_need":
        arguments: list[nodes.Expr] = [nodes.Const(node.attr), nodes.Const(path)]
        return nodes.Filter(node.node, "mail_need_of", arguments, [], None, None, lineno=node.lineno)
    return nodes.Filter(node, by, [nodes.Const(path)], [], None, None, lineno=node.lineno)


@lru_cache(maxsize=512)
def ready(source: str, *, is_html: bool) -> Template:
    """The template, ready to run. Only for sources that the allow-list has passed."""
    environment = HTML if is_html else TEXT
    tree = environment.parse(source)
    _with_needs(tree.body)
    return environment.template_class.from_code(environment, environment.compile(tree), {}, None)

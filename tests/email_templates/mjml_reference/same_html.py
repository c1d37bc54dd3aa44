"""HTML as a list of tokens that two compilers can be compared by: what a mail program cannot tell apart is made equal.

Made equal are: white space, the order of attributes and classes, the writing of colours and numbers, fractions of a
pixel, implied <tbody>, the random ids of carousels and menus, empty classes, and Outlook comments that touch.
Everything else counts, what is inside Outlook's conditional comments too.
"""

from __future__ import annotations

import html
import re

_TOKEN = re.compile(
    r"(?P<not_open><!--\[if (?P<not_condition>![^\]]+)\]><!-->)"
    r"|(?P<open><!--\[if (?P<condition>[^\]]+)\]>)"
    r"|(?P<not_end><!--<!\[endif\]-->)"
    r"|(?P<end><!\[endif\]-->)"
    r"|(?P<comment><!--.*?-->)"
    r"|<style(?P<style_attributes>[^>]*)>(?P<style>.*?)</style>"
    r"|</(?P<close>[\w:-]+)\s*>"
    r"|<(?P<tag>[!\w:-]+)(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.S,
)
_ATTRIBUTE = re.compile(r"([^\s=\"'/]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_EMPTY_CELL = re.compile(r"<td([^>]*)/>")
_VOID = {"img", "br", "input", "meta", "link", "hr", "v:fill", "v:image", "!doctype", "o:allowpng", "td/"}
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8,16}(?![0-9a-z])")


def tokens(text: str) -> list[str]:
    """The document without the contents of its style sheets; see `rules` for those."""
    found: list[str] = []
    last = 0
    ids: dict[str, str] = {}
    text = _EMPTY_CELL.sub(r"<td\1></td>", text)
    for match in _TOKEN.finditer(text):
        _add_text(found, text[last : match.start()])
        last = match.end()
        token = _token(match, ids)
        if token.startswith("[if") and found and found[-1] == "[end]" and token == "[if mso | IE]":
            found.pop()  # one comment ends where the next begins
        elif token:
            found.append(token)
    _add_text(found, text[last:])
    return found


def _add_text(found: list[str], text: str) -> None:
    plain = " ".join(html.unescape(text).split())
    if plain:
        found.append(f"'{plain}'")


def _token(match: re.Match[str], ids: dict[str, str]) -> str:
    if match["condition"] or match["not_condition"]:
        return f"[if {match['condition'] or match['not_condition']}]"
    if match["end"] or match["not_end"]:
        return "[end]"
    if match["comment"] is not None:
        return ""
    if match["style"] is not None:
        return f"<style{_attributes('style', match['style_attributes'], ids)}>"
    if match["close"]:
        name = match["close"].lower()
        return "" if name == "tbody" or name in _VOID else f"</{name}>"
    name = match["tag"].lower()
    return "" if name == "tbody" else f"<{name}{_attributes(name, match['attributes'], ids)}>"


def _attributes(tag: str, text: str, ids: dict[str, str]) -> str:
    written = []
    for name, *values in _ATTRIBUTE.findall(text):
        value = html.unescape(next((one for one in values if one), ""))
        plain = _value(name.lower(), value, ids)
        if plain or name.lower() not in ("class", "style"):
            written.append(f' {name.lower()}="{plain}"')
    return "".join(sorted(set(written)))


def _value(name: str, value: str, ids: dict[str, str]) -> str:
    if name in ("class", "id", "for", "name"):
        value = _ID.sub(lambda match: ids.setdefault(match[0], f"id{len(ids)}"), value)
    if name == "class":
        return " ".join(sorted(value.split()))
    if name == "style":
        return declarations(value)
    if name in ("width", "height"):
        return re.sub(r"(\d+)\.\d+", r"\1", value)
    return " ".join(value.split())


def declarations(style: str) -> str:
    """Declarations in their order; a later one of the same property replaces an earlier one."""
    found: dict[str, str] = {}
    for declaration in re.split(r";(?![^(]*\))", style):
        name, colon, value = declaration.partition(":")
        if colon:
            found.pop(name.strip().lower(), None)
            found[name.strip().lower()] = _css_value(value)
    return ";".join(f"{name}:{value}" for name, value in found.items())


def _css_value(value: str) -> str:
    value = " ".join(value.split())
    value = re.sub(r"#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])(?![0-9a-fA-F])", r"#\1\1\2\2\3\3", value)
    value = re.sub(r"#[0-9a-fA-F]{6}\b", lambda match: match[0].lower(), value)
    value = re.sub(r"(\d+)\.\d+px", r"\1px", value)
    value = re.sub(r"\d+\.\d+", lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), value)
    return re.sub(r"\s*,\s*", ",", value)


def rules(text: str) -> list[str]:
    """Every rule of every style sheet, each behind its media query, sorted: mail programs read them the same."""
    ids: dict[str, str] = {}
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        if match["style"] is not None:
            media = re.search(r'media="([^"]*)"', match["style_attributes"])
            css = re.sub(r"/\*.*?\*/", " ", html.unescape(match["style"]), flags=re.S)
            css = _ID.sub(lambda one: ids.setdefault(one[0], f"id{len(ids)}"), css)
            _read_rules(css, media[1] if media else "", found)
    return sorted(found)


def _read_rules(css: str, media: str, found: list[str]) -> None:
    here = 0
    while match := re.compile(r"\s*([^{};]*)([{;}])").match(css, here):
        here = match.end()
        selector = " ".join(re.sub(r"([+>~])", r" \1 ", match[1]).split())
        if match[2] == "{":
            end = _end_of_block(css, here)
            inside, here = css[here : end - 1], end
            if selector.startswith("@") and "{" in inside:
                _read_rules(inside, f"{media} {selector}", found)
            else:
                for one in re.split(r"\s*,\s*", selector):
                    found.append(f"{media} {one} {{{declarations(inside)}}}".strip())
        elif selector:
            found.append(f"{media} {selector}".strip())


def _end_of_block(css: str, here: int) -> int:
    depth = 1
    while depth and here < len(css):
        depth += {"{": 1, "}": -1}.get(css[here], 0)
        here += 1
    return here

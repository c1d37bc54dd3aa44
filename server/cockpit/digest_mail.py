"""The digest as a letter: plain text, and simple HTML of the same."""

from __future__ import annotations

from markupsafe import Markup, escape

from server.cockpit.digest import Line, Morning, Part
from server.messages.clean import one_line
from server.ports.post import Letter

_LONGEST_SUBJECT = 150


def letter(morning: Morning, *, base_url: str) -> Letter:
    said = ", ".join(f"{part.label[0].lower()}{part.label[1:]} ({part.count})" for part in morning.parts[:3])
    return Letter(
        to=morning.user.email,
        subject=one_line(f"Your {morning.day:%A}: {said}", _LONGEST_SUBJECT),
        text=_text(morning, base_url),
        html=_html(morning, base_url),
        key=f"digest-{morning.user.id}-{morning.day.isoformat()}",
    )


def _text(morning: Morning, base_url: str) -> str:
    lines = [f"Good morning {morning.user.first_name},", "", f"this waits for you on {morning.day:%A %-d %B %Y}."]
    for part in morning.parts:
        lines += ["", f"{part.label} ({part.count})"]
        for line in part.lines:
            lines += [f"- {one_line(line.title, 200)} ({one_line(line.about, 300)})", f"  {_href(line, base_url)}"]
        lines += [f"- and {_more(part)} more"] if _more(part) else []
    lines += ["", f"All of it: {base_url}/cockpit?view=mine", f"No more of these: {base_url}/settings/digest", ""]
    return "\n".join(lines)


def _html(morning: Morning, base_url: str) -> str:
    body = Markup("<p>Good morning {},</p><p>this waits for you on {}.</p>").format(
        morning.user.first_name, f"{morning.day:%A %-d %B %Y}"
    )
    for part in morning.parts:
        items = Markup("").join(
            Markup('<li><a href="{}">{}</a><br><span style="color:#5b6475">{}</span></li>').format(
                _href(line, base_url), line.title, line.about
            )
            for line in part.lines
        )
        more = Markup("<li>and {} more</li>").format(_more(part)) if _more(part) else ""
        body += Markup('<h2 style="font-size:16px;margin:24px 0 8px">{} ({})</h2><ul>{}{}</ul>').format(
            part.label, part.count, items, more
        )
    foot = Markup('<p><a href="{}">All of it in the Cockpit</a> · <a href="{}">No more of these</a></p>').format(
        f"{base_url}/cockpit?view=mine", f"{base_url}/settings/digest"
    )
    style = "font:15px/1.5 sans-serif;color:#1b2130;max-width:640px;margin:24px auto;padding:0 16px"
    head = Markup('<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{}</title></head>').format(
        f"Your {morning.day:%A}"
    )
    return str(head + Markup('<body style="{}">').format(style) + escape(body) + foot + Markup("</body></html>"))


def _href(line: Line, base_url: str) -> str:
    return f"{base_url}/ctas/{line.cta_id}"


def _more(part: Part) -> int:
    return part.count - len(part.lines)

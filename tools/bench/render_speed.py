"""How fast emails are made, against bare Jinja and against Node: `python tools/bench/render_speed.py [--rounds N]`.

All contenders take turns in one run, so that what else the machine does hits all alike. Times are medians of the
rounds; how much faster one is than another is the median of what each round says. Times are milliseconds for one
recipient: CPU time of the whole process (Node's own helper threads too), and wall-clock time. A table goes to stderr,
one JSON object to stdout. Needs `npm ci` in tools/bench/peers, as `make bench` does it.

What is compared:
- `html`: values to HTML alone. Rapport is the whole `render()` of a template with a fixed subject and no text part;
  bare Jinja is the same HTML in a plain Environment with autoescape and without any check; Node fills the MJML by
  Handlebars and lays it out with mjml for each recipient, or lays it out once and fills the HTML.
- `three parts`: subject, HTML and text: `render()`, and the same three templates in bare Jinja.
- `mail`: the same three, and the bytes of the message: `build_message`, and Nodemailer's MailComposer.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import jinja2
import lxml.html
from mails import Measured, measured_mails

from server.email_templates.filters import long_date, money
from server.email_templates.message import build_message
from server.email_templates.render import RenderedEmail, render

PEERS = Path(__file__).with_name("peers")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BATCH_MS = 40.0
NODE = {
    "layout_each": "html: node, handlebars then mjml each time",
    "layout_each_unchecked": "html: node, the same with validationLevel skip",
    "layout_once": "html: node, mjml once then handlebars",
    "three_parts_once": "three parts: node, mjml once then handlebars",
    "mail_qp": "mail: node, mjml once, nodemailer quoted-printable",
    "mail_base64": "mail: node, mjml once, nodemailer base64",
    "mail_of_our_html": "mail: node, handlebars on our HTML, nodemailer base64",
}


@dataclass(frozen=True)
class Times:
    cpu_ms: float
    wall_ms: float


class Node:
    """The peers, in one process that lives for the whole run."""

    def __init__(self, mails: dict[str, Measured]) -> None:
        if not (PEERS / "node_modules").is_dir():
            raise SystemExit("The peers are not installed: cd tools/bench/peers && npm ci")
        self._process = subprocess.Popen(
            ["node", "peers.mjs"], cwd=PEERS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ask({name: mail.for_handlebars() for name, mail in mails.items()})

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit("Node ended; what it said stands above.")
        return dict(json.loads(answer))

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


Contender = Callable[[int], Times]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    mails = measured_mails()
    node = Node(mails)
    try:
        for name, mail in mails.items():
            demand_the_same_words(name, mail, node)
        contenders = {name: contenders_of(name, mail, node) for name, mail in mails.items()}
        seen = {name: measure(one, rounds) for name, one in contenders.items()}
    finally:
        node.close()
    result = {name: {"ms": medians(one), "targets": targets(one)} for name, one in seen.items()}
    print_table(result)
    print(json.dumps({"rounds": rounds, **result}, indent=2))


def contenders_of(name: str, mail: Measured, node: Node) -> dict[str, Contender]:
    ours, values = mail.compiled, mail.values
    html_alone = replace(ours, subject_jinja="A receipt", text_jinja="")
    subject, html, text = bare(mail)
    ways: dict[str, Contender] = {
        "html: rapport": python(lambda: render(html_alone, values)),
        "html: bare jinja": python(lambda: html.render(values)),
        "three parts: rapport": python(lambda: render(ours, values)),
        "three parts: bare jinja": python(lambda: (subject.render(values), html.render(values), text.render(values))),
        "mail: rapport": python(lambda: as_mail(render(ours, values))),
    }
    for deed, spoken in NODE.items():
        ways[spoken] = in_node(node, name, deed)
    return ways


def bare(mail: Measured) -> tuple[jinja2.Template, jinja2.Template, jinja2.Template]:
    for_html, for_text = jinja2.Environment(autoescape=True), jinja2.Environment(autoescape=False)
    for environment in (for_html, for_text):
        environment.filters |= {"money": money, "date": long_date}
    subject, html, text = mail.for_bare_jinja()
    return for_text.from_string(subject), for_html.from_string(html), for_text.from_string(text)


def as_mail(email: RenderedEmail) -> bytes:
    return build_message(
        sender=("Grace Hopper", "grace@gitlab.example"),
        to=("Ada Byron", "ada@northwind.example"),
        subject=email.subject,
        html=email.html,
        text=email.text,
        headers={"X-Rapport-Id": "019a019a019a019a"},
        date=NOW,
    )


def python(deed: Callable[[], object]) -> Contender:
    def measured(times: int) -> Times:
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(times):
            deed()
        return Times((time.process_time() - cpu) * 1000 / times, (time.perf_counter() - wall) * 1000 / times)

    return measured


def in_node(node: Node, template: str, deed: str) -> Contender:
    return lambda times: Times(**node.ask({"do": deed, "template": template, "times": times}))


Rounds = dict[str, list[Times]]


def measure(contenders: dict[str, Contender], rounds: int) -> Rounds:
    """Each is warmed up first, which also says how many make a batch that the clock can see."""
    batches = {}
    for what, contender in contenders.items():
        contender(20)
        once = contender(50).wall_ms
        batches[what] = max(int(BATCH_MS / once), 5)
        contender(batches[what])
    seen: Rounds = {what: [] for what in contenders}
    for _ in range(rounds):
        for what, contender in contenders.items():
            seen[what].append(contender(batches[what]))
    return seen


def medians(seen: Rounds) -> dict[str, dict[str, float]]:
    return {
        what: {
            "cpu_ms": round(statistics.median(one.cpu_ms for one in rounds), 4),
            "wall_ms": round(statistics.median(one.wall_ms for one in rounds), 4),
        }
        for what, rounds in seen.items()
    }


def targets(seen: Rounds) -> list[dict[str, Any]]:
    """Each of our times against another's. `at_least` bounds how often ours fits into theirs; None only tells."""
    times = medians(seen)
    best_mail = min((NODE["mail_qp"], NODE["mail_base64"]), key=lambda what: times[what]["cpu_ms"])
    wanted: list[tuple[str, str, float | None]] = [
        ("html: rapport", NODE["layout_each"], 70.0),
        ("html: rapport", NODE["layout_each_unchecked"], None),
        ("three parts: rapport", NODE["layout_each"], None),
        ("html: rapport", "html: bare jinja", 1 / 1.5),
        ("three parts: rapport", "three parts: bare jinja", 1 / 1.5),
        ("mail: rapport", best_mail, 1.0),
        ("mail: rapport", NODE["mail_of_our_html"], 1.0),
    ]
    return [compared(seen[ours], seen[theirs], ours, theirs, at_least) for ours, theirs, at_least in wanted]


def compared(
    our_rounds: list[Times], their_rounds: list[Times], ours: str, theirs: str, at_least: float | None
) -> dict[str, Any]:
    rounds = list(zip(our_rounds, their_rounds, strict=True))
    cpu = statistics.median(their.cpu_ms / our.cpu_ms for our, their in rounds)
    wall = statistics.median(their.wall_ms / our.wall_ms for our, their in rounds)
    return {
        "ours": ours,
        "theirs": theirs,
        "at_least": at_least and round(at_least, 2),
        "times_faster_cpu": round(cpu, 2),
        "times_faster_wall": round(wall, 2),
        "holds": at_least and min(cpu, wall) >= at_least,
    }


def demand_the_same_words(name: str, mail: Measured, node: Node) -> None:
    """A race is only fair when all carry the same load."""
    email = render(mail.compiled, mail.values)
    ours = visible_words(email.html)
    _, html, _ = bare(mail)
    made = {"bare jinja": html.render(mail.values)}
    for deed in ("layout_each", "layout_once"):
        made[deed] = node.ask({"do": deed, "template": name, "times": 0})["html"]
    for deed in ("mail_qp", "mail_base64", "mail_of_our_html"):
        raw = node.ask({"do": deed, "template": name, "times": 0})["raw"].encode("latin-1")
        made[deed] = html_of(raw)
    for who, other in made.items():
        if visible_words(other) != ours:
            raise SystemExit(f"{name}: {who} does not write what Rapport writes, so there is nothing to compare.")
    sizes = ", ".join(f"{who} {len(other.encode()) / 1000:.1f}" for who, other in {"ours": email.html, **made}.items())
    print(f"{name}: the same words everywhere; KB of HTML: {sizes}", file=sys.stderr)


def html_of(raw: bytes) -> str:
    parts = {part.get_content_type(): part for part in message_from_bytes(raw).walk()}
    return bytes(parts["text/html"].get_payload(decode=True)).decode()


def visible_words(html: str) -> list[str]:
    without_comments = re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    body = lxml.html.document_fromstring(without_comments).find("body")
    return " ".join(body.itertext()).split()


def print_table(result: dict[str, dict[str, Any]]) -> None:
    for name, one in result.items():
        print(f"\n{name:<58}{'CPU ms':>9}{'wall ms':>9}{'per s':>9}", file=sys.stderr)
        for what, times in one["ms"].items():
            row = f"{times['cpu_ms']:>9.4f}{times['wall_ms']:>9.4f}{1000 / times['cpu_ms']:>9.0f}"
            print(f"  {what:<56}{row}", file=sys.stderr)
        for target in one["targets"]:
            faster = f"{target['times_faster_cpu']:.2f}x CPU, {target['times_faster_wall']:.2f}x wall"
            verdict = {True: "holds ", False: "MISSED", None: "      "}[target["holds"]]
            wanted = f" (at least {target['at_least']:.2f}x)" if target["at_least"] else ""
            print(f"  {verdict} {target['ours']} against {target['theirs']}: {faster}{wanted}", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Runs in a process of its own: MJML in, HTML out, one JSON line each. A crash here takes nothing down with it.

Started by guarded.py as a script. It is given no environment, little memory, and a time limit.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

_MEMORY = 1 << 30
_ROOT = Path(__file__).parents[3]


def compile_line(line: str, to_html: Callable[[str], str]) -> dict[str, str]:
    """{"html": …} or {"error": …}. Too deep a nesting and too little memory are answers too."""
    try:
        return {"html": to_html(json.loads(line))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:500]}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.path.insert(0, str(_ROOT))  # a script of an isolated interpreter sees only what is installed
    from server.email_templates.mjml.parts.document import to_html

    for line in sys.stdin:
        sys.stdout.write(json.dumps(compile_line(line, to_html)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

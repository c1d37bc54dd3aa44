"""Runs in a process of its own: MJML in, HTML out, one JSON line each. A crash here takes nothing down with it.

Started by guarded.py as a script, with nothing of ours imported. Fonts are not fetched from anywhere.
"""

from __future__ import annotations

import json
import resource
import sys

import mrml

_MEMORY = 1 << 30


def compile_line(line: str) -> dict[str, str]:
    """{"html": …} or {"error": …}. A Rust panic is a BaseException, hence the wide net."""
    try:
        options = mrml.RenderOptions(fonts={})
        return {"html": mrml.to_html(json.loads(line), None, options).content}
    except BaseException as error:
        return {"error": f"{type(error).__name__}: {error}"[:500]}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(compile_line(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

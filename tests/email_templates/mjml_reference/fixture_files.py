"""The MJML that both compilers are given: fixtures/components/<component>/*.mjml and fixtures/mails/*.mjml."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / "fixtures"
FIXTURES = {
    path.relative_to(FOLDER).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(FOLDER.rglob("*.mjml"))
}
COMPONENTS = {name: mjml for name, mjml in FIXTURES.items() if name.startswith("components/")}
MAILS = {name: mjml for name, mjml in FIXTURES.items() if name.startswith("mails/")}

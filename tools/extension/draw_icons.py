"""Draws extension/public/icon/*.png from the pages' favicon, with Chromium: python -m tools.extension.draw_icons"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent.parent
SIZES = (16, 32, 48, 128)


def main() -> None:
    svg = (ROOT / "web_assets" / "favicon.svg").read_text(encoding="utf-8")
    folder = ROOT / "extension" / "public" / "icon"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        for size in SIZES:
            page.set_viewport_size({"width": size, "height": size})
            page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block; width: {size}px }}</style>{svg}")
            page.screenshot(path=folder / f"{size}.png", omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()

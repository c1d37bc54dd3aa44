"""Pictures of every page, to look at: python tests/web_kit/take_pictures.py [folder] [name ...]."""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright
from preview_app import pages

SIZES = {"desk": (1440, 900), "phone": (390, 844)}


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/tmp/rapport-shots")
    folder.mkdir(parents=True, exist_ok=True)
    app = [sys.executable, str(Path(__file__).with_name("preview_app.py"))]
    with subprocess.Popen(app, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        assert server.stdout is not None
        site = server.stdout.readline().strip()
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--headless=new", "--no-sandbox", "--disable-gpu"]
        )
        for size, (width, height) in SIZES.items():
            for theme in ("light", "dark"):
                page = browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
                )
                for name in sys.argv[2:] or pages():
                    page.goto(f"{site}/page/{name}")
                    page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=True)
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main()

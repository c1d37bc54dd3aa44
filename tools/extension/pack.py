"""`make extension`: the built extension as a zip for the Chrome Web Store. The same build gives the same bytes."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BUILT = ROOT / "var" / "extension" / "chrome-mv3"
LARGEST_BYTES = 150_000
# The first instant that a zip can name.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def pack(built: Path, folder: Path) -> Path:
    """The zip in `folder`: every file of `built`, by name, without times or owners."""
    manifest = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
    path = folder / f"rapport-gmail-{manifest['version']}.zip"
    files = sorted(one for one in built.rglob("*") if one.is_file())
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(built).as_posix(), _NO_TIME)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(entry, file.read_bytes(), compresslevel=9)
    return path


def main() -> int:
    path = pack(BUILT, BUILT.parent)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size / 1000:.1f} kB of {LARGEST_BYTES / 1000:.0f} kB at most")
    return 0 if size < LARGEST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())

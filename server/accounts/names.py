"""Names as people search for them: without case and without marks."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """The key that names are searched and ordered by: NFKD without marks, casefolded, single blanks.

    "Ångström  GmbH" gives "angstrom gmbh". NUL is dropped, because PostgreSQL refuses to compare with it.
    """
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
        # casefold may bring a mark back ("İ" is written with two letters), so marks go after it as well
        text = "".join(letter for letter in text.casefold() if not unicodedata.combining(letter))
    return " ".join(text.casefold().replace("\0", "").split())

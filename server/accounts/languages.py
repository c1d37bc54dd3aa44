"""The languages that people at accounts read, as BCP 47 tags. Reports say "de", "de_AT" or "German"."""

from __future__ import annotations

import re

LANGUAGES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hu": "Hungarian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
_BY_NAME = {name.lower(): tag for tag, name in LANGUAGES.items()}
_TAG = re.compile(r"[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?", re.I)


def language_tag(text: str) -> str | None:
    """ "German", "DE" and "de" give "de"; "pt_br" gives "pt-BR". None for what is no language."""
    text = text.strip().replace("_", "-")
    if text.lower() in _BY_NAME:
        return _BY_NAME[text.lower()]
    if not _TAG.fullmatch(text):
        return None
    language, *rest = text.split("-")
    return "-".join([language.lower(), *(part.title() if len(part) == 4 else part.upper() for part in rest)])


def language_label(tag: str) -> str:
    """ "German", "Portuguese (BR)"; the tag itself for what we have no word for."""
    language, _, rest = tag.partition("-")
    name = LANGUAGES.get(language, language)
    return f"{name} ({rest})" if rest else name


def speaks(tag: str, wanted: str) -> bool:
    """Whether a text in `wanted` suits a person who reads `tag`: "de" suits "de-AT", not the other way round."""
    return tag == wanted or tag.startswith(f"{wanted}-")

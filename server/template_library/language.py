"""What the editor's completion knows: MJML's components, the merge fields, the filters, the shared blocks."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.email_templates import queries
from server.email_templates.catalogue import MERGE_FIELDS
from server.email_templates.filters import FILTERS, shown
from server.email_templates.mjml.schema import REFUSED, components, refusal_of_attribute
from server.email_templates.shared_blocks import path_of

_FILTER_HELP = {
    "default": ('default("…")', "What stands there when the value is empty."),
    "date": ("date", "22 November 2026."),
    "money": ('money or money("EUR")', "$120,000."),
    "upper": ("upper", "ALL CAPITALS."),
    "lower": ("lower", "all small letters."),
    "title": ("title", "Every Word With A Capital."),
    "first": ("first", "The first letter, or the first of a list."),
    "join": ('join(", ")', "A list as one text."),
    "possessive": ("possessive", "Northwind’s, Siemens’."),
}


def language(session: Session) -> dict[str, Any]:
    blocks = queries.shared_blocks(session)
    return {
        "components": {
            name: {
                "attributes": {
                    key: kind for key, kind in about["attributes"].items() if refusal_of_attribute(name, key) is None
                },
                "children": [child for child in about["children"] if child not in REFUSED],
                "ending": about["ending"],
            }
            for name, about in components().items()
            if name not in REFUSED
        },
        "merge_fields": [
            {
                "path": field.path,
                "label": field.label,
                "type": field.type.value,
                "example": str(shown(field.example)),
                "description": field.help,
                "source": field.source.value,
            }
            for field in MERGE_FIELDS
        ],
        "filters": [
            {"name": name, "signature": _FILTER_HELP[name][0], "description": _FILTER_HELP[name][1]} for name in FILTERS
        ],
        "blocks": [{"path": path_of(slug), "name": source.name} for slug, source in blocks.items()],
    }

"""The JSON Schema (2020-12) of a playbook's file, for editors, made of the classes that read it."""

from __future__ import annotations

import json
from typing import Any

from marshmallow import fields

from server.playbooks.schemas import PlaybookShape, Shape


def json_schema() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A playbook of Rapport",
        **_shape(PlaybookShape()),
    }


def as_text() -> str:
    return json.dumps(json_schema(), indent=2) + "\n"


def _shape(shape: Shape) -> dict[str, Any]:
    required = [name for name, field in shape.fields.items() if field.required]
    return {
        "type": "object",
        "properties": {name: _field(field) for name, field in shape.fields.items()},
        "additionalProperties": False,
        **({"required": required} if required else {}),
        **shape.rules,
    }


def _field(field: fields.Field[Any]) -> dict[str, Any]:
    said = dict(field.metadata)
    if isinstance(field, fields.Nested):
        shape = field.schema
        assert isinstance(shape, Shape)
        return {**said, **_shape(shape)}
    if isinstance(field, fields.List):
        return {**said, "type": "array", "items": _field(field.inner)}
    kinds = ((fields.Integer, "integer"), (fields.Boolean, "boolean"), (fields.String, "string"))
    kind = next(name for of_class, name in kinds if isinstance(field, of_class))
    default = {"default": field.load_default} if isinstance(field.load_default, str | int) else {}
    return {"type": kind, **said, **default}

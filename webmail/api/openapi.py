"""The OpenAPI 3.1 description, made from the catalogue: what the routes take and give cannot differ from what it says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from mailsvc.services.administration.catalogue import ACTS

if TYPE_CHECKING:
    from mailsvc.services.administration.act import Act

REFS: Final = "#/components/schemas/{model}"
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "instance", "messages"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {
            "type": "string",
            "description": "in the language of Accept-Language, Vietnamese by default",
        },
        "instance": {"type": "string"},
        "messages": {
            "type": "object",
            "required": ["vi", "en"],
            "properties": {"vi": {"type": "string"}, "en": {"type": "string"}},
        },
        "values": {"type": "object", "description": "what programs read: fields, refused lines"},
    },
}
KEY_HEADER: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same request within a day, the act still counts once.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 200},
}
REFUSALS: Final = {
    "400": "malformed",
    "401": "no valid token",
    "403": "outside of the role or scope",
    "404": "not there, or not to be known of",
    "409": "in conflict with how things are",
    "413": "too large",
    "422": "against a rule; values.refused says why and what to do",
}


@cache
def document() -> dict[str, Any]:
    """The whole description."""
    schemas, definitions = TypeAdapter.json_schemas(
        [
            *((act.name, "validation", act.requests) for act in ACTS),
            *((act.name, "serialization", act.results) for act in ACTS),
        ],
        ref_template=REFS,
    )
    components: dict[str, Any] = dict(definitions.get("$defs", {}))
    components["Problem"] = PROBLEM
    paths: dict[str, Any] = {}
    for act in ACTS:
        wanted, given = schemas[act.name, "validation"], schemas[act.name, "serialization"]
        whole = _resolved(wanted, components)
        paths.setdefault(act.path, {})[act.method.lower()] = _operation(act, whole, given)
    used = {
        name: schema for name, schema in sorted(components.items()) if _mentioned(name, paths, components)
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Congvu: quản trị / administration",
            "version": "1",
            "description": "Mỗi việc trong phạm vi của người giữ mã. / Each act, within the scope of the token's holder.",
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"personalToken": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "personalToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Mã truy cập cá nhân, quyền quản trị / a personal token for administration",
                }
            },
            "schemas": used,
        },
    }


def _operation(act: Act[Any, Any], wanted: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = wanted.get("properties", {})
    required = set(wanted.get("required", ()))
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": properties[name]} for name in act.in_path
    ]
    operation: dict[str, Any] = {
        "operationId": act.name,
        "summary": f"{act.vi} / {act.en}",
        "tags": [act.touches.value],
        "x-roles": sorted(role.value for role in act.roles),
    }
    if act.method in {"GET", "DELETE"}:
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": properties[name]}
            for name in act.beside_path
        ]
    elif act.beside_path:
        names = [name for name in act.beside_path if name in required]
        body: dict[str, Any] = {
            "type": "object",
            "properties": {name: properties[name] for name in act.beside_path},
            "additionalProperties": False,
        }
        if names:
            body["required"] = names
        operation["requestBody"] = {
            "required": bool(names),
            "content": {"application/json": {"schema": body}},
        }
    if act.changes:
        parameters.append(KEY_HEADER)
    if parameters:
        operation["parameters"] = parameters
    problem = {"application/problem+json": {"schema": {"$ref": REFS.format(model="Problem")}}}
    operation["responses"] = {
        "200": {"description": "done", "content": {"application/json": {"schema": given}}},
        **{status: {"description": text, "content": problem} for status, text in REFUSALS.items()},
    }
    return operation


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    ref = schema.get("$ref")
    return schema if ref is None else components[ref.rpartition("/")[2]]


def _mentioned(name: str, paths: dict[str, Any], components: dict[str, Any]) -> bool:
    """Whether a schema is referred to: requests are written out, so their own names are not."""
    pointer = f"'{REFS.format(model=name)}'"
    others = {other: schema for other, schema in components.items() if other != name}
    return pointer in repr(paths) or pointer in repr(others)

"""What a request asks for: fields from the path, the query or a JSON body, each bounded and none twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import request

from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from mailsvc.services.administration.act import Act


def asked(act: Act[Any, Any], in_path: dict[str, str]) -> Any:
    """The act's request, checked; ActRefused says which field is wrong."""
    if act.method in {"GET", "DELETE"}:
        return act.asked({**_query(), **in_path}, as_text=True)
    if request.args:
        raise _malformed("query", "Không nhận tham số sau dấu ?.", "No parameters after ? are taken here.")
    values = _body(act.max_body)
    if not values.keys().isdisjoint(in_path):
        raise _malformed(
            "body", "Trường trong đường dẫn không lặp lại ở thân.", "Fields of the path are not repeated."
        )
    return act.asked({**values, **in_path})


def _query() -> dict[str, str]:
    values = request.args.to_dict(flat=False)
    repeated = [name for name, given in values.items() if len(given) > 1]
    if repeated:
        raise _malformed(repeated[0][:80], "Tham số lặp lại.", "A parameter is repeated.")
    return {name: given[0] for name, given in values.items()}


def _body(most: int) -> dict[str, Any]:
    """The JSON object of the body, perhaps empty (RFC 8259, in UTF-8)."""
    if request.content_length is not None and request.content_length > most:
        raise ActRefused(Why.TOO_LARGE, f"Tối đa {most} octet.", f"At most {most} octets.")
    raw = request.get_data(cache=False)
    if not raw:
        return {}
    if request.mimetype != "application/json":
        raise _malformed("Content-Type", "Cần application/json.", "application/json is needed.")
    try:
        values = json.loads(raw.decode(), parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _malformed("body", f"Không phải JSON: {error}", f"Not JSON: {error}") from error
    if not isinstance(values, dict):
        raise _malformed("body", "Cần một đối tượng JSON.", "A JSON object is needed.")
    return values


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON (RFC 8259 §6)


def _malformed(field: str, vi: str, en: str) -> ActRefused:
    return ActRefused(
        Why.INVALID, f"{field}: {vi}", f"{field}: {en}", fields=[{"field": field, "message": en}]
    )

"""What is refused, as SCIM says it (RFC 7644 §3.12)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from flask import Response, json

from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE: Final = "application/scim+json"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
STATUS: Final = {
    Why.INVALID: (400, "invalidValue"),
    Why.NOT_PERMITTED: (403, ""),
    Why.NOT_FOUND: (404, ""),
    Why.CONFLICT: (409, "uniqueness"),
    Why.TOO_LARGE: (413, ""),
}
TAKEN: Final = frozenset({"address_taken", "address_retired", "identifier_taken", "duplicate"})
"""Remarks of a plan that mean that somebody else has or had the value."""


class ScimError(Exception):
    """A request that SCIM itself refuses."""

    def __init__(self, status: int, detail: str, scim_type: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type


def answer(body: Mapping[str, Any], status: int = 200) -> Response:
    """A resource or message as application/scim+json (RFC 7644 §3.1)."""
    return Response(json.dumps(body, ensure_ascii=False, sort_keys=False), status, mimetype=MEDIA_TYPE)


def error(status: int, detail: str, scim_type: str = "") -> Response:
    """One error message."""
    body: dict[str, Any] = {"schemas": [ERROR], "status": str(status), "detail": detail}
    if scim_type:
        body["scimType"] = scim_type
    return answer(body, status)


def of_refusal(refused: ActRefused) -> Response:
    """An act's refusal; a value that somebody has already is a conflict (RFC 7644 §3.3)."""
    reasons = {item["reason"] for item in refused.detail.get("refused", ()) if isinstance(item, dict)}
    if reasons & TAKEN:
        return error(409, refused.en, "uniqueness")
    status, scim_type = STATUS[refused.why]
    return error(status, refused.en, scim_type)


def of_status(code: int) -> Response:
    """An error of HTTP itself."""
    return error(code, HTTPStatus(code).phrase)

"""What is refused, as problem details (RFC 9457), in the language that the client prefers and in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import jsonify, request

from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from flask import Response

STATUS: Final = {
    Why.INVALID: 422,
    Why.NOT_PERMITTED: 403,
    Why.NOT_FOUND: 404,
    Why.CONFLICT: 409,
    Why.TOO_LARGE: 413,
}
TITLES: Final[dict[int, tuple[str, str]]] = {
    400: ("Yêu cầu sai dạng", "Malformed request"),
    401: ("Cần mã truy cập", "A token is needed"),
    403: ("Không được phép", "Not permitted"),
    404: ("Không có", "Not found"),
    405: ("Không hỗ trợ phương thức này", "Method not allowed"),
    409: ("Xung đột", "Conflict"),
    413: ("Quá lớn", "Too large"),
    415: ("Không nhận kiểu nội dung này", "Unsupported media type"),
    422: ("Yêu cầu không hợp lệ", "Invalid request"),
    500: ("Lỗi của máy chủ", "Server error"),
    503: ("Tạm thời không phục vụ được", "Unavailable for now"),
}


def status_of(refused: ActRefused) -> int:
    """What a refusal is in HTTP, for programs and for people."""
    return 400 if "fields" in refused.detail else STATUS[refused.why]


def of_refusal(refused: ActRefused) -> Response:
    """The problem that an act was refused for."""
    return problem(status_of(refused), refused.why.value, refused.vi, refused.en, dict(refused.detail))


def problem(status: int, kind: str, vi: str, en: str, values: dict[str, Any] | None = None) -> Response:
    """One problem document; `messages` has both languages, `values` what programs read."""
    english = request.accept_languages.best_match(["vi", "en"], "vi") == "en"
    title_vi, title_en = TITLES.get(status, (str(status), str(status)))
    body = {
        "type": f"urn:congvu:problem:{kind}",
        "title": title_en if english else title_vi,
        "status": status,
        "detail": en if english else vi,
        "instance": f"{request.root_path}{request.path}",
        "messages": {"vi": vi, "en": en},
    }
    if values:
        body["values"] = values
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    response.headers["Content-Language"] = "en" if english else "vi"
    return response

"""The same commands against a server elsewhere: each act of the catalogue as one request over HTTPS (RFC 9110).

The server's certificate is always verified; a personal token says who asks (RFC 6750 §2.1).
"""

from __future__ import annotations

import json
import ssl
import stat
import uuid
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from mailsvc.services.administration.refusal import ActRefused, Why

if TYPE_CHECKING:
    from pathlib import Path

    from mailsvc.services.administration.act import Act

Q = TypeVar("Q")
R = TypeVar("R")

BASE: Final = "/api/v1"
MAX_TOKEN_FILE: Final = 4096
MAX_ANSWER: Final = 64 * 1024 * 1024
SECONDS: Final = 120
WHY: Final = {403: Why.NOT_PERMITTED, 404: Why.NOT_FOUND, 409: Why.CONFLICT, 413: Why.TOO_LARGE}


class Remote:
    """One server elsewhere, as whoever holds the token."""

    def __init__(self, server: str, token: str, ca: Path | None) -> None:
        where = urlsplit(server)
        if where.scheme != "https" or not where.hostname or where.path.strip("/") or where.username:
            raise ActRefused(
                Why.INVALID,
                f"--server cần dạng https://máy-chủ[:cổng], không phải “{server[:80]}”.",
                f"--server takes https://host[:port], not “{server[:80]}”.",
            )
        try:
            self._tls = ssl.create_default_context(cafile=None if ca is None else str(ca))
        except (OSError, ssl.SSLError) as error:
            raise ActRefused(
                Why.INVALID, f"--ca: không đọc được {ca}: {error}", f"--ca: cannot read {ca}: {error}"
            ) from error
        self._host, self._port = where.hostname, where.port
        self._token = token

    def perform(self, act: Act[Q, R], request: Q) -> R:
        """Ask the server for an act. A change is sent again once when its answer got lost; it still counts once."""
        values = act.requests.dump_python(act.checked(request), mode="json")
        path = BASE + act.path.format_map({name: quote(str(values[name]), safe="") for name in act.in_path})
        beside = {name: values[name] for name in act.beside_path if values[name] is not None}
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        body = b""
        if act.method in {"GET", "DELETE"}:
            if beside:
                path += "?" + urlencode({name: _as_text(value) for name, value in beside.items()})
        else:
            body = json.dumps(beside, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        if act.changes:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        try:
            status, answer = self._ask(act.method, path, body, headers)
        except (ConnectionResetError, HTTPException, TimeoutError):
            status, answer = self._ask(act.method, path, body, headers)
        if status == 200:
            return act.results.validate_json(answer)
        raise _refused(status, answer)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = HTTPSConnection(self._host, self._port, timeout=SECONDS, context=self._tls)
        try:
            connection.request(method, path, body=body or None, headers=headers)
            response: HTTPResponse = connection.getresponse()
            answer = response.read(MAX_ANSWER + 1)
        except ssl.SSLCertVerificationError as error:
            why = error.verify_message
            raise ActRefused(
                Why.INVALID,
                f"Chứng thư của {self._host} không tin được: {why}. Nếu dùng CA riêng: --ca TỆP",
                f"The certificate of {self._host} cannot be trusted: {why}. With a CA of your own: --ca FILE",
            ) from error
        except (ConnectionResetError, TimeoutError):
            raise
        except OSError as error:
            raise ActRefused(
                Why.INVALID,
                f"Không nối được tới {self._host}: {error}",
                f"Cannot connect to {self._host}: {error}",
            ) from error
        finally:
            connection.close()
        if len(answer) > MAX_ANSWER:
            raise ActRefused(Why.TOO_LARGE, "Câu trả lời quá lớn.", "The answer is too large.")
        return response.status, answer


def read_token(path: Path) -> str:
    """The personal token in a file that only its owner may read."""
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()[:MAX_TOKEN_FILE].decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ActRefused(
            Why.INVALID, f"Không đọc được mã ở {path}: {error}", f"Cannot read the token in {path}: {error}"
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ActRefused(
            Why.INVALID,
            f"Người khác đọc được {path}. Hãy chạy: chmod 600 {path}",
            f"Others can read {path}. Run: chmod 600 {path}",
        )
    if not text or not text.isprintable() or " " in text:
        raise ActRefused(Why.INVALID, f"Trong {path} không có mã.", f"There is no token in {path}.")
    return text


def _as_text(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value)


def _refused(status: int, answer: bytes) -> ActRefused:
    """The server's problem document (RFC 9457) as the refusal it was there."""
    if status == 401:
        return ActRefused(
            Why.NOT_PERMITTED,
            "Máy chủ không nhận mã này: sai, hết hạn hoặc đã thu hồi. Tạo mã mới ở phần Bảo mật của webmail.",
            "The server does not take this token: wrong, expired or revoked. Make one in webmail, under Security.",
        )
    try:
        problem: dict[str, Any] = json.loads(answer)
        words = problem["messages"]
        vi, en = str(words["vi"]), str(words["en"])
    except (ValueError, KeyError, TypeError):
        return ActRefused(
            Why.INVALID,
            f"Máy chủ trả lời {status}, không phải Congvu hoặc phiên bản khác.",
            f"The server answered {status}: not a Congvu, or another version.",
        )
    detail = problem.get("values")
    return ActRefused(WHY.get(status, Why.INVALID), vi, en, **(detail if isinstance(detail, dict) else {}))

"""`congvu doctor`: what an operator would look at first, and what to do about it. Changes nothing."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import pysqlite3
from cryptography import x509
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from mailsvc.model.errors import StoreUnavailable
from mailsvc.net import probe
from mailsvc.net.tls import server_context
from mailsvc.services import collect, scrub
from mailsvc.services.backup import last_backup
from mailsvc.services.doctor_filters import ask_filters
from mailsvc.services.open_store import Store, index_path, open_index
from mailsvc.storage import migrate, tables
from mailsvc.storage.database import OLDEST_SQLITE

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Any

    from config.settings import Settings
    from mailsvc.storage.unit_of_work import Reader

GIB = 1024**3
LEAST_FREE = GIB
LEAST_FREE_SHARE = 20  # one part in
RENEW_DAYS = 14
MAX_INDEX_LAG = 2_000
MAX_CLOCK_LEAP = 300
MAX_OVERDUE = 900
MAX_WAL = GIB
MAX_BACKUP_HOURS = 48
FIRST_YEAR = 2026


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing need be done now."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, and what to do."""

    check: str
    state: State
    vietnamese: str
    english: str


def examine(data_dir: Path, settings: Settings) -> Iterator[Finding]:
    """All checks, cheapest first; one that cannot be made because another failed is left out."""
    yield _sqlite()
    if not (data_dir / "congvu.toml").exists():
        yield _wrong(
            "data",
            f"Chưa có gì ở {data_dir}: congvu init --domain TÊN-MIỀN, hoặc congvu restore DIR2.",
            f"Nothing at {data_dir}: congvu init --domain DOMAIN, or congvu restore DIR2.",
        )
        return
    yield _permissions(data_dir)
    yield _certificate(data_dir, settings)
    if not settings.storage.url and not (data_dir / "congvu.db").exists():
        yield _wrong(
            "schema",
            f"Mất {data_dir / 'congvu.db'}: phục hồi vào thư mục trống, congvu restore DIR2.",
            f"{data_dir / 'congvu.db'} is gone: restore into an empty place, congvu restore DIR2.",
        )
        return
    store = Store(data_dir, settings.storage)
    try:
        try:
            migrate.check(store.database)
        except (StoreUnavailable, DBAPIError) as error:
            yield _wrong("schema", str(error), str(error))
            return
        yield _ok("schema", migrate.REVISIONS[-1])
        runs = _service_runs(data_dir)
        with store.read() as db:
            for check in (_disk, _segments, _scrub, _garbage, _clock, _backup):
                yield check(db, data_dir)
            yield _wal(data_dir)
            yield _index(db, data_dir, runs=runs)
            yield _queue(db, settings, runs=runs)
    finally:
        store.close()
    yield from (_filter(*one) for one in asyncio.run(ask_filters(settings)))
    if runs:
        yield from asyncio.run(_listeners(settings))
    else:
        yield Finding(
            "service", State.NOTE, "Dịch vụ không chạy: congvu serve.", "Not running: congvu serve."
        )


def _ok(check: str, what: str, english: str | None = None) -> Finding:
    return Finding(check, State.OK, what, what if english is None else english)


def _wrong(check: str, vietnamese: str, english: str) -> Finding:
    return Finding(check, State.WRONG, vietnamese, english)


def _sqlite() -> Finding:
    version = pysqlite3.sqlite_version
    if pysqlite3.sqlite_version_info < OLDEST_SQLITE:
        what = f"SQLite {version} < 3.51.3: pip install -U pysqlite3"
        return _wrong("sqlite", what, what)
    return _ok("sqlite", version)


def _permissions(data_dir: Path) -> Finding:
    mode = data_dir.stat().st_mode & 0o777
    if mode & 0o077:
        return _wrong(
            "permissions",
            f"Người khác trên máy vào được {data_dir} ({mode:o}): chmod 700 {data_dir}",
            f"Others on this machine can enter {data_dir} ({mode:o}): chmod 700 {data_dir}",
        )
    owner = data_dir.stat().st_uid
    strangers = [path.name for path in data_dir.iterdir() if path.stat().st_uid != owner]
    if strangers:
        return _wrong(
            "permissions",
            f"Tệp của người dùng khác: {', '.join(sorted(strangers)[:5])}. chown -R theo chủ của {data_dir}",
            f"Files of another user: {', '.join(sorted(strangers)[:5])}. chown -R to the owner of {data_dir}",
        )
    key = data_dir / "tls" / "key.pem"
    if key.exists() and key.stat().st_mode & 0o077:
        return _wrong(
            "permissions", f"Khóa TLS đọc được: chmod 600 {key}", f"The TLS key is readable: chmod 600 {key}"
        )
    if not os.access(data_dir, os.W_OK | os.X_OK):
        return _wrong(
            "permissions",
            f"Không ghi được vào {data_dir}: chạy lệnh bằng người dùng của dịch vụ.",
            f"{data_dir} cannot be written: run this as the service's user.",
        )
    return _ok("permissions", f"{mode:o}")


def _certificate(data_dir: Path, settings: Settings) -> Finding:
    path = settings.tls.certificate or data_dir / "tls" / "cert.pem"
    key = settings.tls.key or data_dir / "tls" / "key.pem"
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        server_context(path, key)
    except (OSError, ValueError, ssl.SSLError) as error:
        return _wrong(
            "certificate",
            f"Không dùng được {path} với {key}: {error}. Sửa [tls] trong congvu.toml.",
            f"Cannot use {path} with {key}: {error}. Correct [tls] in congvu.toml.",
        )
    days = (certificate.not_valid_after_utc - datetime.now(UTC)).days
    if days < RENEW_DAYS:
        return _wrong(
            "certificate",
            f"Chứng thư hết hạn sau {days} ngày: thay {path}, rồi khởi động lại.",
            f"The certificate ends in {days} days: replace {path}, then restart.",
        )
    if certificate.issuer == certificate.subject:
        return Finding(
            "certificate",
            State.NOTE,
            "Chứng thư tự ký: trình duyệt và ứng dụng thư sẽ cảnh báo. Đặt [tls] certificate, key.",
            "Self-signed: browsers and mail clients will warn. Set [tls] certificate, key.",
        )
    return _ok("certificate", f"{days} ngày", f"{days} days")


def _disk(db: Reader, data_dir: Path) -> Finding:
    room = shutil.disk_usage(data_dir)
    boxes = tables.boxes.c
    promised, used = (
        int(value or 0)
        for value in db.conn.execute(select(func.sum(boxes.quota), func.sum(boxes.octets))).one()
    )
    figures = f"{room.free / GIB:.1f} GiB"
    if room.free < max(LEAST_FREE, room.total // LEAST_FREE_SHARE):
        return _wrong(
            "disk",
            f"Còn {figures}. Thêm đĩa ngay: khi đầy, thư bị từ chối tạm thời.",
            f"{figures} free. Add room now: mail is refused for the time being when it is full.",
        )
    text = f"{figures} free; quota promised {promised / GIB:.0f} GiB, used {used / GIB:.1f} GiB"
    loi = f"Còn {figures}; hạn mức đã hứa {promised / GIB:.0f} GiB, đã dùng {used / GIB:.1f} GiB"
    if promised - used > room.free:
        return Finding(
            "disk",
            State.NOTE,
            f"{loi}: hứa nhiều hơn đĩa có, theo dõi dung lượng còn lại.",
            f"{text}: more is promised than there is room for, so watch what is free.",
        )
    return _ok("disk", loi, text)


def _segments(db: Reader, _data_dir: Path) -> Finding:
    """Whether every segment is as long as the database vouches for; what is in it is `congvu verify`'s."""
    short = []
    for number, length in db.conn.execute(select(tables.segments.c.id, tables.segments.c.length)):
        path = db.store.pieces.segment_path(number)
        if length and (not path.exists() or path.stat().st_size < length):
            short.append(path.name)
    if short:
        return _wrong(
            "segments",
            f"Thiếu hoặc bị cắt ngắn: {', '.join(short[:5])}. congvu verify nêu các thư mất; lấy lại từ bản sao lưu.",
            f"Lost or cut short: {', '.join(short[:5])}. congvu verify names the letters; get them from a backup.",
        )
    return _ok("segments", "đủ", "all there")


def _scrub(db: Reader, _data_dir: Path) -> Finding:
    """What the weekly reading of every octet found."""
    damaged, state = scrub.damage(db), scrub.state(db)
    if damaged:
        return _wrong(
            "scrub",
            f"{len(damaged)} mảnh hỏng. congvu verify nêu các thư; congvu restore DIR2 --box ĐỊA-CHỈ lấy lại.",
            f"{len(damaged)} damaged pieces. congvu verify names the letters; congvu restore DIR2 --box ADDRESS.",
        )
    if not state.ended_at:
        return Finding("scrub", State.NOTE, "Chưa đọc hết lần nào.", "Not all was read yet.")
    days = (db.clock() - state.ended_at) // 86_400
    return _ok(
        "scrub", f"{state.checked} mảnh, {days} ngày trước", f"{state.checked} pieces, {days} days ago"
    )


def _garbage(db: Reader, _data_dir: Path) -> Finding:
    """How much of the sealed segments nothing refers to."""
    total, unused = collect.garbage_octets(db)
    share = f"{unused * 100 // max(total, 1)} %, {unused / GIB:.1f} GiB"
    return _ok("garbage", share)


def _backup(db: Reader, _data_dir: Path) -> Finding:
    at = last_backup(db)
    hours = (time.time() - at) / 3600 if at else 0
    if not at or hours > MAX_BACKUP_HOURS:
        return Finding(
            "backup",
            State.NOTE,
            "Chưa sao lưu: congvu backup DIR2" if not at else f"Sao lưu gần nhất {hours:.0f} giờ trước.",
            "Never backed up: congvu backup DIR2" if not at else f"The last backup is {hours:.0f} hours old.",
        )
    return _ok("backup", f"{hours:.1f} giờ trước", f"{hours:.1f} hours ago")


def _clock(db: Reader, _data_dir: Path) -> Finding:
    now = int(time.time())
    newest = db.conn.execute(select(func.max(tables.outbound.c.created_at))).scalar() or 0
    session = db.conn.execute(select(func.max(tables.web_sessions.c.seen_at))).scalar() or 0
    last = db.conn.exec_driver_sql("SELECT COALESCE(MAX(at), 0) FROM audit").scalar() or 0
    ahead = max(int(newest), int(session), int(last)) - now
    if ahead > MAX_CLOCK_LEAP or datetime.now(UTC).year < FIRST_YEAR:
        return _wrong(
            "clock",
            f"Đồng hồ chậm hơn dữ liệu {ahead} giây. Bật đồng bộ giờ: timedatectl set-ntp true",
            f"The clock is {ahead} seconds behind the data. Turn on time sync: timedatectl set-ntp true",
        )
    return _ok("clock", datetime.now(UTC).isoformat(timespec="seconds"))


def _wal(data_dir: Path) -> Finding:
    path = data_dir / "congvu.db-wal"
    size = path.stat().st_size if path.exists() else 0
    if size > MAX_WAL:
        return _wrong(
            "wal",
            f"congvu.db-wal dài {size / GIB:.1f} GiB: một tiến trình giữ giao dịch đọc. Khởi động lại dịch vụ.",
            f"congvu.db-wal is {size / GIB:.1f} GiB: some process keeps a read open. Restart the service.",
        )
    return _ok("wal", f"{size / 2**20:.1f} MiB")


def _index(db: Reader, data_dir: Path, *, runs: bool) -> Finding:
    if not index_path(data_dir).exists():
        return Finding(
            "index",
            State.NOTE,
            "Chưa có chỉ mục tìm kiếm; dịch vụ sẽ lập.",
            "There is no search index yet; the service builds it.",
        )
    engine = open_index(data_dir)
    try:
        watermark = engine.watermark()
    finally:
        engine.close()
    feed = tables.index_feed.c.seq
    lag = int(db.conn.execute(select(func.count()).where(feed > watermark)).scalar() or 0)
    if lag > MAX_INDEX_LAG and runs:
        return _wrong(
            "index",
            f"Chỉ mục chậm {lag} thư. Xem nhật ký có «indexer failed» không.",
            f"The index lags by {lag} letters. Look for «indexer failed» in the log.",
        )
    return _ok("index", f"còn {lag} thư", f"{lag} letters to go")


def _queue(db: Reader, settings: Settings, *, runs: bool) -> Finding:
    recipients, letters = tables.outbound_recipients.c, tables.outbound.c
    count, oldest, due = db.conn.execute(
        select(func.count(), func.min(letters.created_at), func.min(recipients.next_attempt))
        .select_from(tables.outbound_recipients.join(tables.outbound, letters.id == recipients.outbound_id))
        .where(recipients.state == "waiting")
    ).one()
    if not count:
        return _ok("queue", "trống", "empty")
    hours = (time.time() - oldest) / 3600
    if runs and time.time() - due > MAX_OVERDUE:
        return _wrong(
            "queue",
            f"{count} người nhận chờ, lẽ ra đã thử {int(time.time() - due) // 60} phút trước. Khởi động lại dịch vụ.",
            f"{count} recipients wait, due {int(time.time() - due) // 60} minutes ago. Restart the service.",
        )
    if hours > settings.queue.delay_notice_hours:
        return Finding(
            "queue",
            State.NOTE,
            f"{count} người nhận chờ, lâu nhất {hours:.0f} giờ. Xem: congvu queue list",
            f"{count} recipients wait, the oldest for {hours:.0f} hours. See: congvu queue list",
        )
    return _ok("queue", f"{count} người nhận chờ", f"{count} recipients wait")


def _service_runs(data_dir: Path) -> bool:
    """Whether somebody holds the lock that `congvu serve` takes; nothing is left behind by looking."""
    try:
        descriptor = os.open(data_dir / "serve.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _filter(name: str, address: str, fault: str) -> Finding:
    if not fault:
        return _ok(name, address)
    return _wrong(
        name,
        f"{address}: {fault}. Xem docs/filters.md.",
        f"{address}: {fault}. See docs/filters.md.",
    )


async def _listeners(settings: Settings) -> list[Finding]:
    """Every listener that is on, asked all at once."""
    asked: dict[str, tuple[str, Callable[[], Coroutine[Any, Any, str]]]] = {
        "smtp": (settings.smtp.listen, lambda: probe.greeting(settings.smtp.listen, b"220")),
        "submission": (
            settings.submission.listen,
            lambda: probe.greeting(settings.submission.listen, b"220"),
        ),
        "submission_tls": (
            settings.submission.listen_tls,
            lambda: probe.greeting(settings.submission.listen_tls, b"220", tls=True),
        ),
        "lmtp": (settings.lmtp.listen, lambda: probe.greeting(settings.lmtp.listen, b"220")),
        "imap": (settings.imap.listen, lambda: probe.imap(settings.imap.listen)),
        "imap_tls": (settings.imap.listen_tls, lambda: probe.imap(settings.imap.listen_tls, tls=True)),
        "web": (settings.web.listen, lambda: probe.web(settings.web.listen)),
    }
    wanted = {name: (listen, ask) for name, (listen, ask) in asked.items() if listen}
    answers = await asyncio.gather(*(ask() for _, ask in wanted.values()))
    return [
        _ok(f"listener {name}", listen)
        if not fault
        else _wrong(
            f"listener {name}",
            f"{listen} không trả lời: {fault}. Xem nhật ký, khởi động lại dịch vụ.",
            f"{listen} does not answer: {fault}. See the log, restart the service.",
        )
        for (name, (listen, _)), fault in zip(wanted.items(), answers, strict=True)
    ]

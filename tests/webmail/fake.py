"""The mail system as webmail sees it, in memory, with letters of an office."""

import secrets
import threading
from collections import defaultdict
from dataclasses import dataclass, field, replace

from directory.passwords import PasswordRule
from mailsvc.model.errors import (
    BadName,
    Conflict,
    LetterMissing,
    MailboxMissing,
    MailboxProtected,
    NotPermitted,
    TooManyGuesses,
    WrongCredentials,
)
from mailsvc.net.limits import network_of, peer_address
from mailsvc.services.guesses import WEB_DOOR, Guess, Guesses
from search.fold import fold
from search.query import QueryError, parse_query
from webmail.ports import (
    LIST_LENGTH,
    Attachment,
    Body,
    Box,
    Contact,
    Draft,
    DraftFile,
    Folder,
    Hits,
    Letter,
    Page,
    Part,
    Party,
    Row,
    Session,
    SignedIn,
    Viewer,
    WebOptions,
    WebServices,
)

NOW = 1_795_319_100  # Sunday 22 November 2026, 11:05 in Việt Nam
NAMES = ("inbox", "drafts", "sent", "archive", "junk", "trash")
AN = Viewer(1, "annv@lamdong.example", "Nguyễn Văn An", "Sở Nông nghiệp và Môi trường")
PASSWORD = "Dalat#2026"


@dataclass
class Kept:
    row: Row
    body: Body
    to: tuple[Party, ...]
    cc: tuple[Party, ...] = ()
    parts: dict[str, Part] = field(default_factory=dict)
    inline: tuple[str, ...] = ()
    draft_id: str = ""


class FakeAccounts:
    def __init__(self, world):
        self.world = world
        self.sessions = {}
        self.choices = {}

    def sign_in(self, address, password, remote, device):
        guess = Guess(address, network_of(peer_address(remote)), trusted=True)
        if wait := self.world.guesses.wait(guess):
            raise TooManyGuesses(wait)
        viewer = self.world.people.get(address)
        if viewer is None or self.world.passwords[address] != password:
            self.world.guesses.failed(guess)
            raise WrongCredentials
        return SignedIn(viewer)

    def known(self, account_id):
        return next(one for one in self.world.people.values() if one.account_id == account_id)

    def password_rule(self, viewer):
        return PasswordRule()

    def change_password(self, viewer, old, new, remote):
        if self.world.passwords[viewer.address] != old:
            raise WrongCredentials
        self.world.passwords[viewer.address] = new
        self.world.people[viewer.address] = replace(viewer, must_change_password=False)

    def open_session(self, viewer, agent, remote, stage="full", *, is_proof=True):
        secret = secrets.token_urlsafe(24)
        self.sessions[secret] = (viewer.address, secrets.token_urlsafe(24))
        return secret

    def session(self, secret):
        found = self.sessions.get(secret)
        return Session(self.world.people[found[0]], found[1]) if found else None

    def half_session(self, secret):
        return None

    def close_session(self, secret):
        self.sessions.pop(secret, None)

    def preferences(self, viewer):
        return self.choices.get(viewer.address, {})

    def prefer(self, viewer, values):
        self.choices.setdefault(viewer.address, {}).update(values)


class FakeMail:
    def __init__(self, world):
        self.world = world

    def boxes(self, viewer):
        found = []
        for box in self.world.boxes:
            folders = []
            for folder in box.folders:
                rows = [kept.row for kept in self.world.letters[folder.id].values()]
                folders.append(replace(folder, unseen=sum(not row.seen for row in rows), exists=len(rows)))
            found.append(replace(box, folders=tuple(folders)))
        return tuple(found)

    def _kept(self, mailbox_id, uid):
        if mailbox_id not in self.world.letters:
            raise MailboxMissing
        kept = self.world.letters[mailbox_id].get(uid)
        if kept is None:
            raise LetterMissing
        return kept

    def page(self, viewer, mailbox_id, cursor, *, conversations):
        if mailbox_id not in self.world.letters:
            raise MailboxMissing
        rows = sorted(
            (kept.row for kept in self.world.letters[mailbox_id].values()), key=lambda row: -row.uid
        )
        if cursor:
            rows = [row for row in rows if row.uid < int(cursor)]
        more = str(rows[LIST_LENGTH - 1].uid) if len(rows) > LIST_LENGTH else ""
        return Page(tuple(rows[:LIST_LENGTH]), more)

    def letter(self, viewer, mailbox_id, uid):
        kept = self._kept(mailbox_id, uid)
        attachments = tuple(
            Attachment(section, part.filename, part.media_type, len(part.content))
            for section, part in kept.parts.items()
            if section not in kept.inline
        )
        return Letter(
            kept.row,
            kept.to,
            kept.cc,
            (),
            (),
            None,
            f"<{mailbox_id}.{uid}@lamdong.example>",
            (),
            attachments,
            4_000,
        )

    def conversation(self, viewer, mailbox_id, uid):
        return (self.letter(viewer, mailbox_id, uid),)

    def body(self, viewer, mailbox_id, uid):
        return self._kept(mailbox_id, uid).body

    def part(self, viewer, mailbox_id, uid, section):
        try:
            return self._kept(mailbox_id, uid).parts[section]
        except KeyError:
            raise LetterMissing from None

    def source(self, viewer, mailbox_id, uid):
        return b"Subject: x\r\n\r\n" + self._kept(mailbox_id, uid).body.text.encode()

    def _box(self, mailbox_id):
        for box in self.world.boxes:
            if any(folder.id == mailbox_id for folder in box.folders):
                return box
        raise MailboxMissing

    def mark(self, viewer, mailbox_id, uids, *, seen=None, flagged=None):
        for uid in uids:
            kept = self._kept(mailbox_id, uid)
            if seen is not None:
                kept.row = replace(kept.row, seen=seen)
            if flagged is not None:
                kept.row = replace(kept.row, flagged=flagged)
        self.world.ring(mailbox_id)

    def move(self, viewer, mailbox_id, uids, target_id):
        if not self._box(mailbox_id).may_act:
            raise NotPermitted
        for uid in uids:
            self._kept(mailbox_id, uid)
            kept = self.world.letters[mailbox_id].pop(uid)
            self.world.put(target_id, kept)
        self.world.ring(mailbox_id)

    def delete(self, viewer, mailbox_id, uids):
        box = self._box(mailbox_id)
        trash = box.folder("trash").id
        if mailbox_id == trash:
            for uid in uids:
                self._kept(mailbox_id, uid)
                del self.world.letters[mailbox_id][uid]
            return True
        self.move(viewer, mailbox_id, uids, trash)
        return False

    def report(self, viewer, mailbox_id, uids, kind):
        self.reported = [*getattr(self, "reported", []), (mailbox_id, uids, kind)]

    def make_folder(self, viewer, account_id, name):
        if not name:
            raise BadName
        number = max(self.world.letters) + 1
        at = next(at for at, box in enumerate(self.world.boxes) if box.account_id == account_id)
        boxes = list(self.world.boxes)
        boxes[at] = replace(boxes[at], folders=(*boxes[at].folders, Folder(number, name, "", 0, 0)))
        self.world.boxes = tuple(boxes)
        self.world.letters[number] = {}
        return number

    def remove_folder(self, viewer, mailbox_id):
        raise MailboxProtected

    def search(self, viewer, account_id, query, cursor):
        try:
            tree = parse_query(query)
        except QueryError:
            return Hits((), problem="query")
        rows = []
        for folder in next(box for box in self.world.boxes if box.account_id == account_id).folders:
            for kept in self.world.letters[folder.id].values():
                text = f"{kept.row.subject} {kept.row.preview} {kept.row.sender.name} {kept.body.text}"
                if all(fold(word) in fold(text) for word in query.split()):
                    rows.append(kept.row)
        rows.sort(key=lambda row: -row.date)
        return Hits(tuple(rows[:LIST_LENGTH]), tree)


class FakeWriting:
    def __init__(self, world):
        self.world = world
        self.drafts = {}
        self.parts = {}
        self.sent = []
        self.done = set()

    def draft(self, viewer, draft_id):
        if draft_id not in self.drafts:
            raise LetterMissing
        return self.drafts[draft_id]

    def draft_of(self, viewer, mailbox_id, uid):
        kept = self.world.letters[mailbox_id].get(uid)
        if kept is None:
            raise LetterMissing
        return self.draft(viewer, kept.draft_id)

    def save(self, viewer, draft_id, revision, fields, add=(), drop=()):
        known = self.drafts.get(draft_id)
        if draft_id in self.done or (known.revision if known else 0) != revision:
            raise Conflict
        files = [one for one in (known.files if known else ()) if one.id not in drop]
        for part in add:
            one = DraftFile(secrets.token_hex(4), part.filename, part.media_type, len(part.content))
            self.parts[one.id] = part
            files.append(one)
        draft = Draft(draft_id, revision + 1, fields, tuple(files))
        self.drafts[draft_id] = draft
        self._put(draft)
        return draft

    def _put(self, draft):
        folder = self.world.boxes[0].folder("drafts").id
        letters = self.world.letters[folder]
        for uid in [uid for uid, kept in letters.items() if kept.draft_id == draft.id]:
            del letters[uid]
        me = Party(AN.name, AN.address)
        text = draft.fields.text
        row = Row(
            folder,
            0,
            me,
            draft.fields.to,
            draft.fields.subject,
            text[:90],
            NOW,
            True,
            False,
            False,
            True,
            False,
        )
        self.world.put(folder, Kept(row, Body("text", text), (), draft_id=draft.id))
        self.world.ring(folder)

    def discard(self, viewer, draft_id):
        self.drafts.pop(draft_id, None)
        letters = self.world.letters[self.world.boxes[0].folder("drafts").id]
        for uid in [uid for uid, kept in letters.items() if kept.draft_id == draft_id]:
            del letters[uid]

    def send(self, viewer, draft_id, revision, *, confirmed=False, at=0):
        if draft_id in self.done:
            return
        draft = self.draft(viewer, draft_id)
        self.sent.append(draft)
        self.done.add(draft_id)
        self.discard(viewer, draft_id)
        folder = self.world.boxes[0].folder("sent").id
        me = Party(AN.name, AN.address)
        fields = draft.fields
        row = Row(
            folder, 0, me, fields.to, fields.subject, fields.text[:90], NOW, True, False, False, False, False
        )
        self.world.put(folder, Kept(row, Body("text", fields.text), (Party("", fields.to),)))

    def complete(self, viewer, text):
        return tuple(
            one for one in self.world.contacts if fold(text) in fold(f"{one.name} {one.address} {one.detail}")
        )[:8]


class FakeWatching:
    def __init__(self, world):
        self.world = world

    def watch(self, tell):
        self.world.listeners.append(tell)
        return lambda: self.world.listeners.remove(tell)

    def accounts_of(self, viewer):
        return [box.account_id for box in self.world.boxes]


class World:
    """Boxes, people and letters."""

    def __init__(self):
        self.lock = threading.RLock()
        self.people = {AN.address: AN}
        self.guesses = Guesses(lambda: NOW, WEB_DOOR)
        self.passwords = {AN.address: PASSWORD}
        self.letters = defaultdict(dict)
        self.next_uid = defaultdict(lambda: 1)
        self.listeners = []
        self.contacts = CONTACTS
        own = tuple(Folder(10 + at, name.capitalize(), name, 0, 0) for at, name in enumerate(NAMES))
        own += (Folder(17, "Bão lũ 2026", "", 0, 0), Folder(18, "Bão lũ 2026/Báo cáo nhanh", "", 0, 0))
        unit = tuple(Folder(20 + at, name.capitalize(), name, 0, 0) for at, name in enumerate(NAMES))
        post = tuple(Folder(30 + at, name.capitalize(), name, 0, 0) for at, name in enumerate(NAMES[:3]))
        self.boxes = (
            Box(1, "personal", AN.name, AN.address, own, 3_300_000_000, 4 << 30),
            Box(2, "unit", "UBND xã Đạ Ròn", "ubnd.daron@lamdong.example", unit, 700_000_000, 10 << 30),
            Box(
                3,
                "post",
                "Chủ tịch UBND xã Đạ Ròn",
                "chutich.daron@lamdong.example",
                post,
                1_000_000,
                4 << 30,
                False,
                False,
            ),
        )
        for box in self.boxes:
            for folder in box.folders:
                self.letters[folder.id] = {}

    def put(self, mailbox_id, kept):
        uid = self.next_uid[mailbox_id]
        self.next_uid[mailbox_id] += 1
        kept.row = replace(kept.row, mailbox_id=mailbox_id, uid=uid)
        self.letters[mailbox_id][uid] = kept
        return uid

    def ring(self, mailbox_id):
        account = next(box.account_id for box in self.boxes if any(f.id == mailbox_id for f in box.folders))
        for tell in list(self.listeners):
            tell(account, mailbox_id)

    def arrive(self, mailbox_id, sender, subject, text, at=NOW, kind="text", **more):
        words = text if kind == "text" else more.pop("preview", "…")
        row = Row(
            mailbox_id,
            0,
            sender,
            AN.address,
            subject,
            " ".join(words.split())[:110],
            at,
            more.pop("seen", False),
            more.pop("flagged", False),
            more.pop("answered", False),
            False,
            bool(more.get("parts")),
            (),
            more.pop("count", 1),
        )
        kept = Kept(
            row, Body(kind, text, more.pop("inline_images", {})), (Party(AN.name, AN.address),), **more
        )
        uid = self.put(mailbox_id, kept)
        self.ring(mailbox_id)
        return uid

    def services(self, **options):
        self.writing = FakeWriting(self)
        return WebServices(
            FakeAccounts(self),
            FakeMail(self),
            self.writing,
            FakeWatching(self),
            WebOptions(domain="lamdong.example", **options),
            lambda: NOW,
        )


CONTACTS = (
    Contact("Trần Thị Bích Hường", "huongttb@lamdong.example", "Văn thư · UBND xã Đạ Ròn", "personal"),
    Contact("UBND xã Đạ Ròn", "ubnd.daron@lamdong.example", "Hộp thư đơn vị", "unit"),
    Contact("Đặng Quốc Đạt", "datdq@lamdong.example", "Chủ tịch · UBND xã Đơn Dương", "personal"),
    Contact("K'Brếp", "kbrep@lamdong.example", "Chuyên viên · UBND xã Đạ Ròn", "personal"),
    Contact("Ka Thị Nhung", "nhungkt@lamdong.example", "Phó Chánh Văn phòng · UBND tỉnh", "personal"),
)
OFFICE = Party("Văn phòng UBND tỉnh", "vpubnd@lamdong.example")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f00050001ff56c72f0d0000000049454e44ae426082"
)
STORM = """<p align="center"><b>CÔNG ĐIỆN</b><br><b>Về việc ứng phó khẩn cấp với bão số 5</b></p>
<p><b>CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH LÂM ĐỒNG điện:</b></p><ul><li>Chủ tịch UBND các xã, phường, đặc khu;</li><li>Giám đốc các sở, ban, ngành.</li></ul>
<p>Theo Trung tâm Dự báo khí tượng thủy văn, hồi 07 giờ ngày 22/11/2026, tâm bão số 5 cách Phan Thiết khoảng 210 km về phía Đông, sức gió mạnh nhất vùng gần tâm bão cấp 11, giật cấp 14. Để chủ động ứng phó, yêu cầu:</p>
<ol><li>Tổ chức trực ban 24/24 giờ; rà soát các khu vực có nguy cơ sạt lở, sẵn sàng sơ tán dân trước <b>17 giờ hôm nay</b>.</li><li>Kiểm tra hồ đập, công trình đang thi công; bố trí vật tư, phương tiện theo phương châm “bốn tại chỗ”.</li><li>Báo cáo nhanh về Văn phòng UBND tỉnh trước 15 giờ theo <a href="https://lamdong.example/baocao">biểu mẫu</a>.</li></ol>
<table border="1" cellpadding="5" style="border-collapse:collapse"><tr><th>Khu vực</th><th>Đầu mối</th><th>Điện thoại</th></tr><tr><td>Đơn Dương</td><td>Đ/c Đặng Quốc Đạt</td><td>0263 3555 101</td></tr><tr><td>Đạ Ròn</td><td>Đ/c K'Brếp</td><td>0263 3555 118</td></tr></table>
<p>Trân trọng./.</p><img src="https://tracker.example/p.gif">"""
SUBJECTS = (
    (
        "Trần Thị Bích Hường",
        "huongttb",
        "V/v đăng ký lịch tiếp công dân tháng 12",
        "Kính gửi anh An, em gửi lịch tiếp công dân dự kiến để anh cho ý kiến trước thứ Tư.",
    ),
    (
        "Sở Nội vụ",
        "snv",
        "Công văn 1245/SNV-CCVC về rà soát vị trí việc làm",
        "Đề nghị các đơn vị rà soát, gửi báo cáo về Sở trước ngày 28/11/2026.",
    ),
    (
        "Đặng Quốc Đạt",
        "datdq",
        "Re: Phương án sơ tán dân thôn Suối Thông",
        "Tôi đồng ý với phương án 2. Nhờ đồng chí bổ sung số điện thoại các tổ trưởng.",
    ),
    (
        "Ka Thị Nhung",
        "nhungkt",
        "Khẩn: đề nghị bổ sung số liệu thiệt hại rau màu",
        "Số liệu buổi sáng còn thiếu xã Ka Đô và Quảng Lập, đề nghị gửi lại trước 11 giờ.",
    ),
    (
        "Trung tâm Chuyển đổi số",
        "cds",
        "Thông báo bảo trì đường truyền tối 23/11",
        "Từ 22 giờ đến 23 giờ 30, việc truy cập có thể gián đoạn ngắn.",
    ),
    (
        "K'Brếp",
        "kbrep",
        "Báo cáo nhanh tình hình mưa lũ sáng 22/11",
        "Lượng mưa đo tại trạm Đạ Ròn 86 mm, chưa có thiệt hại về người.",
    ),
    (
        "Hội Nông dân tỉnh",
        "hnd",
        "Giấy mời 87/GM-HNDT dự hội nghị tổng kết",
        "Trân trọng kính mời đồng chí dự hội nghị lúc 8 giờ ngày 30/11 tại Hội trường số 2.",
    ),
)


def office():
    """A morning's mail, ready to look at."""
    world = World()
    for at in range(64):
        name, local, subject, text = SUBJECTS[at % len(SUBJECTS)]
        world.arrive(
            10,
            Party(name, f"{local}@lamdong.example"),
            subject,
            text + "\n\nTrân trọng,\n" + name,
            NOW - 3_600 * (66 - at) * 3,
            seen=at < 58,
            flagged=at in {60, 55},
            answered=at == 59,
            count=3 if at == 58 else 1,
            parts={"2": Part("Báo cáo.docx", "application/vnd.openxmlformats", b"x" * 34_000)}
            if at % 4 == 1
            else {},
        )
    world.arrive(
        10,
        OFFICE,
        "HỎA TỐC: Công điện số 18/CĐ-UBND về ứng phó bão số 5",
        STORM,
        NOW - 900,
        "html",
        preview="Yêu cầu Chủ tịch UBND các xã, phường trực ban 24/24, sẵn sàng sơ tán dân trước 17 giờ hôm nay",
        parts={
            "2": Part("18-CĐ-UBND bão số 5.pdf", "application/pdf", b"%PDF-1.7" + b"x" * 245_000),
            "3": Part("Phụ lục danh sách đầu mối.xlsx", "application/vnd.ms-excel", b"x" * 18_500),
        },
        cc=(
            Party("Sở Nông nghiệp và Môi trường", "snnmt@lamdong.example"),
            Party("", "pctt@lamdong.example"),
        ),
    )
    for at in range(4):
        world.arrive(
            20,
            OFFICE,
            f"Văn bản đến số {120 + at}/UBND-NC",
            "Kính chuyển đơn vị xử lý.",
            NOW - at * 7_000,
            seen=at > 1,
        )
    return world

"""A mailbox out into files and back: every octet, flag and date; programs that we did not write read the files too."""

import hashlib
import mailbox as standard
import os
import random
import stat
import subprocess
import zipfile

import pytest

from directory import audit
from directory.scope import SERVER, OutOfScopeError, Scope
from mailsvc.model.errors import Conflict
from mailsvc.model.flags import ANSWERED, FLAGGED, SEEN
from mailsvc.services import letters, reach
from mailsvc.services.bring_in import bring_in
from mailsvc.services.export import Format, export, note
from mailsvc.services.letter_file import FiledLetter, UnreadableFile, letters_in, to_mbox
from mailsvc.services.letters import FlagChange
from mailsvc.services.verify import verify
from mailsvc.storage import mailboxes, messages
from tests.support.mail import add_account, deliver, inbox, letter, make_store, principal
from tests.support.system import need

HELD = """SELECT m.name, e.uid, e.flags, e.internal_date, e.message_id FROM entries e
    JOIN mailboxes m ON m.id = e.mailbox_id WHERE m.account_id = {} ORDER BY 1, 2"""


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "data")
    yield store
    store.close()


@pytest.fixture
def people(store):
    """An with letters in several mailboxes; Bình with nothing."""
    with store.write() as uow:
        an, binh = principal(add_account(uow, "an")), principal(add_account(uow, "binh"), "binh")
        mailboxes.create(uow, an.account_id, "Dự án")
        mailboxes.create(uow, an.account_id, "Dự án/Cầu: đường?")
    for number in range(6):
        deliver(store, letter(number, body=b"From nay ve sau\r\n>From truoc\r\n" * number), an.account_id)
    with store.write() as uow:
        place = inbox(uow, an)
        letters.store_flags(uow, place, [(1, 3)], FlagChange.ADD, SEEN | FLAGGED, ["Khan"])
        letters.store_flags(uow, place, [(2, 2)], FlagChange.ADD, ANSWERED)
        letters.move(uow, place, inbox(uow, an, name="Dự án/Cầu: đường?"), [(2, 4)])
        letters.move(uow, inbox(uow, an), inbox(uow, an, name="Sent"), [(1, 1)])
    return an, binh


def held(store, who):
    """Mailbox, flags, date and octets of everything that somebody has."""
    with store.read() as db:
        assert not verify(db).faults
        names = mailboxes.keywords(db, who.account_id)
        found = []
        for name, uid, flags, at, _ in db.conn.exec_driver_sql(HELD.format(who.account_id)).all():
            octets = letters.octets(db, letters.entry(db, inbox(db, who, name=name), uid))
            words = tuple(word for index, word in enumerate(names) if flags >> (5 + index) & 1)
            found.append((name, flags & 31, words, at, hashlib.sha256(octets).hexdigest()))
        return sorted(found)


def written(store, form, target, **options):
    reader = store.reader()
    try:
        return export(reader, SERVER, "an", target, form, **options)
    finally:
        reader.close()


def brought(store, path, **options):
    return bring_in(store, SERVER, "binh", path, actor="test", **options)


@pytest.mark.parametrize("form", list(Format))
def test_what_was_written_comes_back_with_every_octet_flag_and_date(store, people, tmp_path, form):
    an, binh = people
    done = written(store, form, tmp_path / "out")
    assert (done.letters, done.address) == (6, "an@lamdong.example")
    assert brought(store, tmp_path / "out").moved == 6
    mine = held(store, an)
    if form is not Format.ZIP:  # what no file system has in a name, and Maildir's names have no keywords
        mine = [(name.replace(":", "_").replace("?", "_"), *rest) for name, *rest in mine]
    if form is Format.MAILDIR:
        mine = [(name, flags, (), at, key) for name, flags, _, at, key in mine]
    assert held(store, binh) == sorted(mine)
    again = brought(store, tmp_path / "out")
    assert (again.moved, again.here_already) == (0, 6)


def test_another_form_of_the_same_box_brings_nothing_twice(store, people, tmp_path):
    written(store, Format.MAILDIR, tmp_path / "maildir")
    written(store, Format.MBOX, tmp_path / "mbox")
    assert [brought(store, tmp_path / name).moved for name in ("maildir", "mbox")] == [6, 0]


def test_a_letter_that_is_there_twice_comes_twice(store, people, tmp_path):
    for name in ("a.eml", "b.eml"):
        (tmp_path / "letters").mkdir(exist_ok=True)
        (tmp_path / "letters" / name).write_bytes(letter(1))
    assert [brought(store, tmp_path / "letters").moved for _ in range(2)] == [2, 0]


def test_an_import_that_was_stopped_goes_on(store, people, tmp_path, monkeypatch):
    from mailsvc.services import bring_in as module

    monkeypatch.setattr(module, "STEP_LETTERS", 2)
    written(store, Format.ZIP, tmp_path / "out.zip")

    def stops(done):
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        brought(store, tmp_path / "out.zip", progress=stops)
    done = brought(store, tmp_path / "out.zip")
    assert done.moved + done.here_already == 6
    assert 0 < done.moved < 6
    assert [one[4] for one in sorted(held(store, people[1]), key=lambda one: one[4])] == sorted(
        one[4] for one in held(store, people[0])
    )


def test_pythons_own_mailbox_library_reads_what_we_write(store, people, tmp_path):
    written(store, Format.MBOX, tmp_path / "mbox", only="INBOX")
    written(store, Format.MAILDIR, tmp_path / "maildir", only="INBOX")
    mbox = standard.mbox(tmp_path / "mbox" / "INBOX.mbox")
    maildir = standard.Maildir(tmp_path / "maildir" / "INBOX")
    assert sorted(one["Subject"] for one in mbox) == sorted(one["Subject"] for one in maildir)
    assert len(mbox) == 2
    mbox.close()
    maildir.close()
    written(store, Format.ZIP, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.testzip() is None


def test_mutt_reads_the_mbox(store, people, tmp_path):
    mutt = need("mutt", package="mutt")
    written(store, Format.MBOX, tmp_path / "mbox", only="INBOX")
    done = subprocess.run(
        [
            mutt,
            "-n",
            "-F",
            "/dev/null",
            "-f",
            str(tmp_path / "mbox" / "INBOX.mbox"),
            "-R",
            "-e",
            "push <exit>",
        ],
        capture_output=True,
        env={**os.environ, "TERM": "dumb", "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        timeout=20,
    )
    assert b"not a mailbox" not in done.stdout + done.stderr


def test_what_pythons_library_writes_is_read(store, people, tmp_path):
    mbox = standard.mbox(tmp_path / "cu.mbox")
    for number in (1, 2):
        one = standard.mboxMessage(letter(number, body=b"From dau dong\r\n").replace(b"\r\n", b"\n"))
        one.set_flags("RF")
        mbox.add(one)
    mbox.close()
    done = brought(store, tmp_path / "cu.mbox", into="Cũ")
    assert done.mailboxes == {"Cũ": 2}
    assert [(name, flags) for name, flags, *_ in held(store, people[1])] == [("Cũ", SEEN | FLAGGED)] * 2
    with store.read() as db:
        contents = {
            messages.content(db, row[4]) for row in db.conn.exec_driver_sql(HELD.format(people[1].account_id))
        }
    assert contents == {letter(number, body=b"From dau dong\r\n") for number in (1, 2)}


@pytest.mark.parametrize("seed", range(5))
def test_any_letter_comes_through_mbox_unchanged(tmp_path, seed):
    dice = random.Random(seed)
    lines = [b"From x 2026", b">From y", b">>From z", b"", b"text", b"From ", b"Status: R", b"."]
    wanted = [b"\r\n".join([b"Subject: a", b"", *dice.choices(lines, k=30)]) + b"\r\n" for _ in range(20)]
    path = tmp_path / "a.mbox"
    path.write_bytes(b"".join(to_mbox(one, "a@b", ("\\Seen",), 1_700_000_000) for one in wanted))
    assert list(letters_in(path)) == [FiledLetter("", one, ("\\Seen",), 1_700_000_000) for one in wanted]


@pytest.mark.parametrize(
    "octets", [b"", b"hello\n", b"%PDF-1.4", b"PK\x03\x04 broken", random.Random(1).randbytes(4000)]
)
def test_a_file_that_is_none_of_these_is_refused(store, people, tmp_path, octets):
    (tmp_path / "x").write_bytes(octets)
    with pytest.raises(UnreadableFile):
        brought(store, tmp_path / "x")
    assert held(store, people[1]) == []


def test_names_in_a_zip_lead_nowhere(store, people, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("../../etc/a.eml", letter(1))
        archive.writestr("/abs/b.eml", letter(2))
    brought(store, tmp_path / "x.zip")
    assert [name for name, *_ in held(store, people[1])] == ["abs", "etc"]


def test_outlooks_file_goes_through_readpst(store, people, tmp_path, monkeypatch):
    """No file of Outlook's can be made here: a script stands for readpst, and writes what it writes with `-e`."""
    script = tmp_path / "bin" / "readpst"
    script.parent.mkdir()
    script.write_text(
        '#!/bin/sh\nset -e\nwhile [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done\n'
        'mkdir -p "$out/Personal Folders/Sent Items"\n'
        'printf "Subject: pst\\n\\nnoi dung\\n" > "$out/Personal Folders/Sent Items/1.eml"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    (tmp_path / "a.pst").write_bytes(b"!BDN")
    assert brought(store, tmp_path / "a.pst").mailboxes == {"Personal Folders/Sent Items": 1}
    assert brought(store, tmp_path / "a.pst").moved == 0


def test_readpst_says_what_is_wrong_with_a_file(store, people, tmp_path):
    need("readpst", package="pst-utils")
    (tmp_path / "a.pst").write_bytes(b"khong phai pst")
    with pytest.raises(UnreadableFile):
        brought(store, tmp_path / "a.pst")


def test_only_who_may_takes_letters_out_and_it_is_written_down(store, people, tmp_path):
    with store.read() as db:
        with pytest.raises(OutOfScopeError):
            export(db, Scope(None), "an", tmp_path / "out", Format.ZIP)
        with pytest.raises(reach.NoSuchSubject):
            export(db, SERVER, "an", tmp_path / "out", Format.ZIP, only="Không có")
    done = written(store, Format.ZIP, tmp_path / "out.zip")
    with pytest.raises(Conflict):
        written(store, Format.ZIP, tmp_path / "out.zip")
    with store.write() as uow:
        note(uow, done, actor="test", target=tmp_path / "out.zip")
        line = audit.lines(uow.conn, limit=1)[0]
    assert (line.act, line.subject) == ("mailbox.export", "an@lamdong.example")


def test_a_full_box_takes_what_fits_and_the_rest_later(store, people, tmp_path):
    written(store, Format.ZIP, tmp_path / "out.zip")
    with store.write() as uow:
        mailboxes.set_quota(uow, people[1].account_id, 900)
    done = brought(store, tmp_path / "out.zip")
    assert done.not_moved
    assert done.moved
    with store.write() as uow:
        mailboxes.set_quota(uow, people[1].account_id, 1 << 30)
    assert brought(store, tmp_path / "out.zip").moved == done.not_moved

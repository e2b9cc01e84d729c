"""Clients that we did not write, each doing what people do with it."""

import asyncio
import imaplib
import mailbox
import os
import subprocess
from pathlib import Path

import aioimaplib
import imapclient
import pytest

from directory.model import Right
from mailsvc.imap import connection
from mailsvc.imap.compression import Deflated
from tests.mailsvc.imap.player import PASSWORD, ImapHouse
from tests.support.mail import DOMAIN, letter
from tests.support.system import need

ALICE = f"alice@{DOMAIN}"


def run(*words: str, cwd: Path | None = None, stdin: str = "", **env: str) -> str:
    result = subprocess.run(
        words,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, **env},
    )
    assert result.returncode == 0, (result.returncode, result.stdout[-2000:], result.stderr[-2000:])
    return result.stdout + result.stderr


def test_imaplib_does_a_days_work(house: ImapHouse) -> None:
    house.fill(3)
    with imaplib.IMAP4("127.0.0.1", house.port) as client:
        client.login(ALICE, PASSWORD)
        assert client.enable("CONDSTORE")[0] == "OK"
        assert client.select("INBOX") == ("OK", [b"3"])
        assert client.search(None, "UNSEEN") == ("OK", [b"1 2 3"])
        status, data = client.fetch("2", "(UID BODY[])")
        assert status == "OK"
        assert data[0][1].endswith(letter(2))
        assert client.store("2", "+FLAGS", r"(\Flagged)")[0] == "OK"
        assert client.uid("MOVE", "1", "Archive")[0] == "OK"
        assert client.append("Sent", r"(\Seen)", imaplib.Time2Internaldate(0), letter(9))[0] == "OK"
        assert client.status("Sent", "(MESSAGES UNSEEN)") == ("OK", [b'"Sent" (MESSAGES 1 UNSEEN 0)'])
        assert client.create("Viec")[0] == "OK"
        assert client.copy("1:*", "Viec")[0] == "OK"
        assert client.getquotaroot("INBOX")[0] == "OK"
        assert client.namespace()[0] == "OK"
        assert client.list()[0] == "OK"
        assert client.lsub()[0] == "OK"
        assert client.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK"
        assert client.expunge()[0] == "OK"
        assert client.close()[0] == "OK"


async def test_aioimaplib_is_told_of_a_letter_while_it_idles(house: ImapHouse) -> None:
    client = aioimaplib.IMAP4(host="127.0.0.1", port=house.port, timeout=10)
    await client.wait_hello_from_server()
    assert (await client.login(ALICE, PASSWORD)).result == "OK"
    assert (await client.select()).result == "OK"
    idling = await client.idle_start(timeout=20)
    await asyncio.to_thread(house.fill, 1)
    assert b"1 EXISTS" in await client.wait_server_push(timeout=10)
    client.idle_done()
    await asyncio.wait_for(idling, 10)
    assert (await client.uid("fetch", "1", "(FLAGS BODY.PEEK[])")).result == "OK"
    await client.logout()


@pytest.mark.peer
def test_curl_over_tls_lists_reads_appends_and_searches(house: ImapHouse, tmp_path: Path) -> None:
    need("curl", package="curl")
    house.fill(2)
    url = f"imaps://localhost:{house.port_tls}"
    common = ("curl", "-sS", "--cacert", str(house.certificate), "-u", f"{ALICE}:{PASSWORD}")
    assert '"INBOX"' in run(*common, url)
    assert run(*common, f"{url}/INBOX;UID=2").replace("\r", "").endswith(letter(2).decode().replace("\r", ""))
    (tmp_path / "new.eml").write_bytes(letter(5))
    run(*common, "-T", str(tmp_path / "new.eml"), f"{url}/Drafts")
    assert "SEARCH 1" in run(*common, f"{url}/Drafts?SUBJECT%20so").replace("\r", "")
    assert "STATUS" in run(*common, "-X", "STATUS INBOX (MESSAGES)", url)
    run("curl", "-sS", "--ssl-reqd", *common[2:], f"imap://localhost:{house.port}/INBOX;UID=1")


def mbsync(house: ImapHouse, home: Path) -> str:
    config = home / "mbsyncrc"
    (home / "mail").mkdir(exist_ok=True)
    config.write_text(
        f"""
IMAPAccount a
Host localhost
Port {house.port}
User {ALICE}
Pass {PASSWORD}
SSLType STARTTLS
CertificateFile {house.certificate}

IMAPStore far
Account a

MaildirStore near
Path {home}/mail/
Inbox {home}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
CopyArrivalDate yes
SyncState *
"""
    )
    return run("mbsync", "-c", str(config), "-V", "all", HOME=str(home))


def finds_nothing_to_do(house: ImapHouse, home: Path) -> None:
    """Another run changes neither a file nor a mod-sequence."""

    def state() -> tuple[list[str], list[bytes]]:
        client = house.client("alice")
        told = [
            line
            for name in ("INBOX", "Drafts", "Sent")
            for line in client.does(f"STATUS {name} (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)")
        ]
        client.close()
        return sorted(str(path) for path in home.glob("mail/**/*") if "mbsyncstate" not in path.name), told

    before = state()
    mbsync(house, home)
    assert state() == before


def sync_both_ways(house: ImapHouse, home: Path, count: int) -> None:
    house.fill(count)
    mbsync(house, home)
    near = mailbox.Maildir(home / "mail" / "INBOX")
    assert len(near) == count
    finds_nothing_to_do(house, home)

    keys = sorted(near.keys())
    for key in keys[:10]:
        flagged = near[key]
        flagged.set_flags("FS")
        near[key] = flagged
    for key in keys[10:20]:
        near.remove(key)
    drafts = mailbox.Maildir(home / "mail" / "Drafts")
    drafts.add(mailbox.MaildirMessage(letter(9999)))
    new_folder = mailbox.Maildir(home / "mail" / "H&HtM- s&AaE-", create=True)
    new_folder.add(mailbox.MaildirMessage(letter(9998)))
    client = house.client("alice")
    client.does("SELECT INBOX")
    client.does(r"STORE 50:59 +FLAGS.SILENT (\Answered)")
    mbsync(house, home)

    client.does("NOOP")
    assert len(client.does("SEARCH FLAGGED")[0].split()) == 2 + 10
    assert client.does("STATUS INBOX (MESSAGES)") == [b'* STATUS "INBOX" (MESSAGES %d)' % (count - 10)]
    assert client.does("STATUS Drafts (MESSAGES)") == [b'* STATUS "Drafts" (MESSAGES 1)']
    assert client.does('STATUS "H&HtM- s&AaE-" (MESSAGES)') == [b'* STATUS "H&HtM- s&AaE-" (MESSAGES 1)']
    near = mailbox.Maildir(home / "mail" / "INBOX")
    assert sum("R" in near[key].get_flags() for key in near.keys()) == 10  # noqa: SIM118
    finds_nothing_to_do(house, home)
    client.close()


@pytest.mark.peer
def test_mbsync_syncs_both_ways_and_then_finds_nothing_to_do(house: ImapHouse, tmp_path: Path) -> None:
    need("mbsync", package="isync")
    sync_both_ways(house, tmp_path, 150)


@pytest.mark.peer
@pytest.mark.long
def test_mbsync_syncs_6000_letters_both_ways(house: ImapHouse, tmp_path: Path) -> None:
    need("mbsync", package="isync")
    sync_both_ways(house, tmp_path, 6000)


@pytest.mark.peer
@pytest.mark.parametrize("program", ["neomutt", "mutt"])
def test_mutt_tags_copies_and_deletes(
    house: ImapHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    need(program, package=program)
    compressed: list[Deflated] = []

    def counted() -> Deflated:
        compressed.append(Deflated())
        return compressed[-1]

    monkeypatch.setattr(connection, "Deflated", counted)
    house.fill(5)
    rc = tmp_path / "muttrc"
    deflate = "set imap_deflate=yes" if program == "mutt" else ""
    rc.write_text(
        f"""
set imap_user="{ALICE}" imap_pass="{PASSWORD}" folder="imap://localhost:{house.port}"
set spoolfile="+INBOX" ssl_starttls=no ssl_force_tls=no confirmappend=no delete=yes quit=yes
set header_cache="{tmp_path}/cache" message_cachedir="{tmp_path}/cache"
{deflate}
push "<tag-pattern>~s 2<enter><tag-prefix><copy-message>=Archive<enter><delete-pattern>~s 4<enter><sync-mailbox><quit>"
"""
    )
    run(
        "script", "-qec", f"{program} -n -F {rc}", "/dev/null", cwd=tmp_path, HOME=str(tmp_path), TERM="xterm"
    )
    client = house.client("alice")
    assert client.does("STATUS INBOX (MESSAGES)") == [b'* STATUS "INBOX" (MESSAGES 4)']
    assert client.does("STATUS Archive (MESSAGES)") == [b'* STATUS "Archive" (MESSAGES 1)']
    assert bool(compressed) is (program == "mutt")
    client.close()


def test_imapclient_reads_files_and_sees_rights(house: ImapHouse) -> None:
    # ACL, and what IMAPClient does by itself
    house.share(Right.READ | Right.ACT)
    house.fill(3)
    with imapclient.IMAPClient("localhost", house.port, ssl=False) as client:
        client.login(ALICE, PASSWORD)
        assert client.enable("CONDSTORE")
        unit = next(
            name for _, _, name in client.list_folders() if name.endswith("daron@" + DOMAIN + "/INBOX")
        )
        client.select_folder("INBOX")
        assert client.search(["UNSEEN"]) == [1, 2, 3]
        client.set_flags(1, [imapclient.SEEN])
        assert client.search(["UNSEEN"]) == [2, 3]
        client.copy([2], "Archive")
        client.move([3], "Archive")
        assert client.folder_status("Archive", ["MESSAGES"]) == {b"MESSAGES": 2}
        assert client.getacl(unit) == [(ALICE.encode(), b"lrswikxte")]


@pytest.mark.peer
def test_offlineimap_keeps_both_sides_alike(house: ImapHouse, tmp_path: Path) -> None:
    need("offlineimap", package="offlineimap3")
    house.fill(8)
    config = tmp_path / "offlineimaprc"
    config.write_text(
        f"""
[general]
accounts = a
metadata = {tmp_path}/metadata
ui = quiet
[Account a]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {tmp_path}/mail
[Repository far]
type = IMAP
remotehost = localhost
remoteport = {house.port_tls}
ssl = yes
sslcacertfile = {house.certificate}
remoteuser = {ALICE}
remotepass = {PASSWORD}
"""
    )
    run("offlineimap", "-o", "-c", str(config), HOME=str(tmp_path))
    near = mailbox.Maildir(tmp_path / "mail" / "INBOX")
    assert len(near) == 8
    keys = sorted(near.keys())
    flagged = near[keys[0]]
    flagged.set_flags("FS")
    near[keys[0]] = flagged
    near.remove(keys[1])
    mailbox.Maildir(tmp_path / "mail" / "Drafts").add(mailbox.MaildirMessage(letter(99)))
    run("offlineimap", "-o", "-c", str(config), HOME=str(tmp_path))
    client = house.client("alice")
    client.does("SELECT INBOX")
    assert client.does("STATUS INBOX (MESSAGES)") == [b'* STATUS "INBOX" (MESSAGES 7)']
    assert len(client.does("SEARCH FLAGGED SEEN")[0].split()) == 2 + 1
    assert client.does("STATUS Drafts (MESSAGES)") == [b'* STATUS "Drafts" (MESSAGES 1)']
    client.close()

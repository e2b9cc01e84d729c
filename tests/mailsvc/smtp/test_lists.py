"""Groups over SMTP with Python's own client: 550 at RCPT where the list takes no letters from the sender."""

import smtplib
import ssl
from pathlib import Path

import pytest

from config.settings import GroupSettings
from directory.address import Address
from directory.repository import groups
from directory.repository.groups import Part, Senders
from tests.mailsvc.smtp.service import PASSWORD, Service, service
from tests.support.mail import DOMAIN, NOW, letter

LIST = f"nhom@{DOMAIN}"


def make_list(running: Service, senders: Senders = Senders.INSIDE, part: Part | None = None) -> None:
    with running.store.write() as uow:
        members = [running.boxes["an"], running.boxes["bo"]]
        group = groups.create_group(
            uow.conn, name="Nhóm", address=Address("nhom", DOMAIN), at=NOW, members=members
        )
        groups.set_senders(uow.conn, group, senders)
        if part is not None:
            groups.give_part(uow.conn, group, running.boxes["an"], part)


def submit(running: Service, number: int = 1) -> None:
    with smtplib.SMTP("127.0.0.1", running.ports["submission.listen"]) as client:
        client.starttls(context=ssl._create_unverified_context())
        client.login(f"an@{DOMAIN}", PASSWORD)
        client.sendmail(f"an@{DOMAIN}", [LIST], letter(number).replace(b"vanthu@", b"an@"))


def refusal(send: object, *arguments: object) -> tuple[int, bytes]:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(*arguments)
    return refused.value.recipients[LIST]


def from_outside(running: Service) -> None:
    with smtplib.SMTP("127.0.0.1", running.ports["smtp.listen"]) as client:
        client.sendmail("x@world.example", [LIST], letter(7))


def test_who_is_inside_writes_to_a_list_and_strangers_do_not(tmp_path: Path) -> None:
    with service(tmp_path, trusted=False) as running:
        make_list(running)
        submit(running)
        assert [len(running.letters(local)) for local in ("an", "bo")] == [1, 1]
        code, words = refusal(from_outside, running)
        assert (code, b"5.7.1" in words) == (550, True)
        assert len(running.letters("bo")) == 1


def test_a_trusted_application_writes_to_a_list(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        make_list(running, Senders.OWNERS)
        from_outside(running)
        assert len(running.letters("bo")) == 1


def test_a_list_of_its_owners_refuses_others_at_rcpt(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        make_list(running, Senders.OWNERS)
        assert refusal(submit, running)[0] == 550


def test_a_wide_list_is_not_written_to_from_a_mail_client(tmp_path: Path) -> None:
    with service(tmp_path, groups=GroupSettings(wide_list=1)) as running:
        make_list(running, part=Part.SENDER)
        code, words = refusal(submit, running)
        assert (code, b"confirm" in words) == (550, True)
        assert running.letters("bo") == []

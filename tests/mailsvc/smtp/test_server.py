"""MX, submission and LMTP over a real store: who may send what to whom, and what is durable (RFC 5321 §3.3, RFC 6409)."""

import base64
import contextlib
import smtplib
import ssl

import pytest

from config.settings import SmtpSettings
from mailsvc.storage import outbound
from tests.mailsvc.smtp.service import FREE, PASSWORD, service
from tests.mailsvc.smtp.support import Wire
from tests.support.mail import DOMAIN, letter

NO_CHECK = ssl._create_unverified_context


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service")) as running:
        yield running


def to(local):
    return f"{local}@{DOMAIN}"


def own_letter(number):
    """A letter from an, who signs in."""
    return letter(number).replace(b"vanthu@", b"an@")


def mx(running):
    return smtplib.SMTP("127.0.0.1", running.ports["smtp.listen"])


def test_a_letter_from_the_world_arrives_with_its_trace(running):
    content = letter(1)
    with mx(running) as client:
        assert client.sendmail("x@world.example", [to("an"), to("bo")], content) == {}
    for local in ("an", "bo"):
        stored = running.letters(local)[-1]
        assert stored.endswith(content)
        trace = stored[: -len(content)]
        assert b" with ESMTP id " in trace
        assert trace.startswith(f"Delivered-To: {to(local)}\r\nReturn-Path: <x@world.example>\r\n".encode())
        assert b"Received: from " in trace
        assert b"for <" not in trace  # two recipients must not learn of each other


def test_unknown_full_and_foreign_recipients_are_refused_at_rcpt(running):
    with mx(running) as client:
        client.ehlo()
        client.mail("x@world.example")
        assert client.rcpt(to("nobody")) == (550, b"5.1.1 No such recipient here")
        running_full = client.rcpt(to("full"))
        assert client.rcpt("someone@elsewhere.example")[0] == 550
        assert client.rcpt(to("AN+tin"))[0] == 250
        assert client.rcpt("postmaster")[0] == 250
    assert running_full[0] in {250, 452}


def test_a_full_box_is_452_at_rcpt_and_in_lmtp_after_data(tmp_path):
    content = letter(2)
    with service(tmp_path, quotas=[("none", 0)]) as running, mx(running) as client:
        client.ehlo()
        client.mail("x@world.example")
        assert client.rcpt(to("none")) == (452, b"4.2.2 The mailbox is full")
        with Wire(running.ports["lmtp.listen"]) as wire:
            wire.hello(b"LHLO a")
            wire.say(f"MAIL FROM:<>\r\nRCPT TO:<{to('full')}>\r\nRCPT TO:<{to('an')}>\r\nDATA\r\n".encode())
            assert [wire.reply()[:3] for _ in range(4)] == [b"250", b"250", b"250", b"354"]
            wire.say(content + b".\r\n")
            assert wire.reply().startswith(b"452 4.2.2")
            assert wire.reply().startswith(b"250 2.0.0")
        client.rset()
        # In SMTP the box that fills between RCPT and DATA makes nobody wait: its copy waits in the queue.
        assert client.sendmail("x@world.example", [to("full"), to("an")], content) == {}
        assert len(running.letters("an")) == 2
        assert running.letters("full") == []


def test_submission_needs_a_name_and_an_address_of_ones_own(running):
    with smtplib.SMTP_SSL("127.0.0.1", running.ports["submission.listen_tls"], context=NO_CHECK()) as client:
        client.ehlo()
        assert client.mail(to("an"))[0] == 530
        with pytest.raises(smtplib.SMTPAuthenticationError) as wrong:
            client.login(to("an"), "wrong")
        with pytest.raises(smtplib.SMTPAuthenticationError) as unknown:
            client.login(to("nobody"), "wrong")
        assert wrong.value.smtp_error == unknown.value.smtp_error
        client.login(to("an"), PASSWORD)
        assert client.mail(to("bo"))[:1] == (550,)
        refused = client.sendmail(
            to("an"), [to("bo"), to("nobody"), "x@world.example"], b"Subject: hi\r\nBcc: y\r\n\r\nhi\r\n"
        )
        assert list(refused) == [to("nobody")]
    stored = running.letters("bo")[-1]
    assert b" with ESMTPSA id " in stored
    assert b"\r\nMessage-ID: <" in stored
    assert b"\r\nDate: " in stored
    assert b"Bcc" not in stored
    with running.store.read() as db:
        queued, recipient = outbound.waiting(db, 10)[-1]
    assert recipient.address == "x@world.example"
    assert queued.reverse_path == to("an")
    assert queued.trace.startswith(b"Received: ")


def test_starttls_then_auth_on_the_submission_port(running):
    with smtplib.SMTP("127.0.0.1", running.ports["submission.listen"]) as client:
        client.starttls(context=NO_CHECK())
        client.login("an", PASSWORD)  # the default domain completes a name alone
        client.sendmail(to("an"), [to("bo")], own_letter(3))


def test_strangers_cannot_sign_in_in_clear(tmp_path):
    with service(tmp_path, trusted=False) as running:
        with smtplib.SMTP("127.0.0.1", running.ports["submission.listen"]) as client:
            client.ehlo()
            assert not client.has_extn("auth")
            words = base64.b64encode(f"\0{to('an')}\0{PASSWORD}".encode()).decode()
            assert client.docmd("AUTH PLAIN", words)[0] == 538
        with Wire(running.ports["lmtp.listen"]) as wire:
            assert wire.reply().startswith(b"554 5.7.1")


def test_who_signed_in_may_relay_on_port_25(running):
    with mx(running) as client:
        client.login(to("an"), PASSWORD)
        assert client.sendmail(to("an"), ["y@world.example"], own_letter(4)) == {}


def test_loops_are_stopped(running):
    with mx(running) as client:
        for content in (
            b"Received: x\r\n" * 21 + letter(5),
            f"Delivered-To: {to('an')}\r\n".encode() + letter(6),
        ):
            with pytest.raises(smtplib.SMTPDataError) as caught:
                client.sendmail("x@world.example", [to("an")], content)
            assert caught.value.smtp_code == 554
            assert caught.value.smtp_error.startswith(b"5.4.6")


def test_a_hundred_thousand_fields_and_deep_mime_are_taken_or_refused_and_the_server_lives(running):
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(1000)
    )
    with mx(running) as client:
        for content in (b"X-A: b\r\n" * 100_000 + b"\r\nx\r\n", deep, b"\r\n", b"\xff\x00\r\n"):
            assert client.sendmail("x@world.example", [to("an")], content) == {}
            assert running.letters("an")[-1].endswith(content)


def test_lmtp_takes_a_letter_for_a_thousand_recipients(running):
    with Wire(running.ports["lmtp.listen"]) as wire:
        wire.hello(b"LHLO a")
        wire.say(b"MAIL FROM:<>\r\n" + f"RCPT TO:<{to('bo')}>\r\n".encode() * 1500 + b"DATA\r\n")
        assert {wire.reply()[:3] for _ in range(1501)} == {b"250"}
        wire.reply()
        wire.say(letter(7) + b".\r\n")
        assert {wire.reply()[:3] for _ in range(1500)} == {b"250"}
    assert sum(b"Cong van so 7" in one for one in running.letters("bo")) == 1  # the same box once


def test_utf8_addresses_travel_with_smtputf8(running):
    with Wire(running.ports["smtp.listen"]) as wire:
        wire.hello()
        wire.say(f"MAIL FROM:<nguyễn@thế-giới.example> SMTPUTF8\r\nRCPT TO:<{to('an')}>\r\nDATA\r\n".encode())
        assert [wire.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        assert wire.asks("Subject: Đà Lạt\r\n\r\nx\r\n.\r\n".encode()).startswith(b"250")
    stored = running.letters("an")[-1]
    assert "Return-Path: <nguyễn@thế-giới.example>".encode() in stored
    assert b" with UTF8SMTP id " in stored


def test_a_store_that_cannot_take_it_is_a_temporary_refusal(tmp_path):
    with service(tmp_path) as running, mx(running) as client:
        running.store.fail("a test")
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("x@world.example", [to("an")], letter(8))
        assert caught.value.smtp_code == 451


def test_a_strangers_guesses_and_connections_have_an_end(tmp_path):
    small = SmtpSettings(listen=FREE, max_connections_per_address=3)
    with service(tmp_path, trusted=False, smtp=small) as running:
        port = running.ports["submission.listen_tls"]
        codes = []
        for _ in range(8):
            with (
                contextlib.suppress(smtplib.SMTPException),
                smtplib.SMTP_SSL("127.0.0.1", port, context=NO_CHECK()) as client,
            ):
                client.ehlo()
                for _ in range(5):
                    words = base64.b64encode(f"\0{to('an')}\0wrong".encode()).decode()
                    codes.append(client.docmd("AUTH PLAIN", words)[0])
        assert codes[:30] == [535] * 30
        assert set(codes[30:]) == {454}
        with contextlib.ExitStack() as open_ones:
            greetings = [
                open_ones.enter_context(Wire(running.ports["smtp.listen"])).reply()[:9] for _ in range(4)
            ]
        assert greetings[:3] == [b"220 mail."] * 3
        assert greetings[3] == b"421 4.7.0"
        for _ in range(100):  # the others have left, or will in a moment
            with Wire(running.ports["smtp.listen"]) as wire:
                if wire.reply().startswith(b"220"):
                    break
        else:
            pytest.fail("places are not given back")


def signed_in(running):
    client = smtplib.SMTP("127.0.0.1", running.ports["submission.listen"])
    client.login(to("an"), PASSWORD)
    return client


def test_from_is_ones_own_or_the_letter_is_refused_in_two_languages(running):
    with signed_in(running) as client, pytest.raises(smtplib.SMTPDataError) as refused:
        client.sendmail(to("an"), [to("bo")], f"From: {to('bo')}\r\nSubject: x\r\n\r\nhi\r\n")
    assert refused.value.smtp_code == 550
    assert refused.value.smtp_error.startswith(
        b"5.7.1 Tai khoan nay khong duoc gui bang dia chi do / This sender"
    )
    with signed_in(running) as client:
        client.ehlo()
        client.docmd("MAIL", f"FROM:<{to('an')}> SMTPUTF8")
        client.rcpt(to("bo"))
        code, text = client.data(f"From: {to('bo')}\r\n\r\nhi\r\n")
    assert code == 550
    assert text.startswith("5.7.1 Tài khoản này".encode())  # RFC 6531 §3.7.4.2


def test_a_unit_box_sends_and_sender_names_the_person(running):
    from directory.model import AccountKind, Right
    from directory.repository import delegations
    from tests.support.mail import NOW, add_account

    with running.store.write() as uow:
        unit = add_account(uow, "donvi", AccountKind.UNIT)
        delegations.grant(uow.conn, unit, running.boxes["an"], Right.READ | Right.SEND_AS, NOW, None)
    with signed_in(running) as client:
        client.sendmail(
            to("donvi"),
            [to("bo")],
            f"From: {to('donvi')}\r\nSender: x@evil.com\r\nSubject: unit\r\n\r\nhi\r\n",
        )
    stored = running.letters("bo")[-1]
    assert f"\r\nSender: an <{to('an')}>\r\n".encode() in stored
    assert b"evil.com" not in stored


def test_a_letter_without_a_header_gets_one(running):
    with signed_in(running) as client:
        client.sendmail(to("an"), [to("bo")], "only text\r\n")
    stored = running.letters("bo")[-1]
    assert f"\r\nFrom: an <{to('an')}>\r\n".encode() in stored
    assert b"\r\nMessage-ID: <" in stored
    assert stored.endswith(b"\r\n\r\nonly text\r\n")

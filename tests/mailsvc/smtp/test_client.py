"""Handing letters to other servers (RFC 5321 §3, §4.5.4), with our own server and with odd ones at the other end."""

import ssl

import pytest

from directory.address import Address
from mailsvc.net.tls import opportunistic_context, verifying_context
from mailsvc.smtp import client as client_module
from mailsvc.smtp.client import Deadlines, Letter, Server, TlsFailed, Unreachable, connect
from mailsvc.smtp.wire.outgoing import Destination
from mailsvc.smtp.wire.sasl import Credentials
from tests.mailsvc.smtp.stub import stub
from tests.mailsvc.smtp.support import NOBODY, OpenRules, make_tls, serving

__all__ = ["stub"]
PATIENT = Deadlines(connect=10, greeting=10, command=10, data_block=10, after_data=10)
QUICK = Deadlines(connect=10, greeting=0.3, command=10, data_block=10, after_data=10)
BO = Address("bo", "y.vn")
AN, AP, NO = Address("an", "x.vn"), Address("ap", "x.vn"), Address("no", "x.vn")
CONTENT = b"Subject: x\r\n\r\n.dot\r\n..two\r\n.\r\nend\r\n"


def at(port):
    return Server("localhost", "127.0.0.1", port)


async def hand_over(port, letter, recipients, **options):
    client = await connect(
        at(port),
        our_name="mail.z.vn",
        tls=options.pop("tls", None),
        deadlines=options.pop("deadlines", PATIENT),
        **options,
    )
    try:
        return await client.send(letter, [Destination(one) for one in recipients])
    finally:
        await client.quit()


async def test_each_recipient_has_a_result_and_dots_travel():
    rules = OpenRules()
    with serving(rules) as port:
        replies = await hand_over(port, Letter(BO, CONTENT), [AN, NO, AP])
    assert [reply.code for reply in replies] == [250, 550, 250]
    assert rules.taken == [(BO, (AN, AP), CONTENT)]


async def test_a_thousand_recipients_go_in_pipelines():
    rules = OpenRules()
    many = [Address(f"a{number}", "x.vn") for number in range(1000)]
    with serving(rules) as port:
        replies = await hand_over(port, Letter(None, CONTENT), many)
    assert {reply.code for reply in replies} == {250}
    assert rules.taken[0][:2] == (None, tuple(many))


async def test_tls_is_used_where_it_is_offered(tmp_path):
    rules = OpenRules()
    with serving(rules, trusted=NOBODY, context=make_tls(tmp_path)) as port:
        credentials = Credentials("an@x.vn", "mật khẩu")  # accepted under TLS only
        replies = await hand_over(
            port, Letter(BO, CONTENT), [AN], tls=opportunistic_context(), credentials=credentials
        )
    assert replies[0].code == 250


async def test_wrong_credentials_leave_the_letters_waiting():
    with serving(OpenRules()) as port, pytest.raises(Unreachable) as caught:
        await hand_over(port, Letter(BO, CONTENT), [AN], credentials=Credentials("an@x.vn", "wrong"))
    assert caught.value.reply.code == 451


@pytest.mark.parametrize("content", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n\n.\r\n"])
async def test_nothing_smuggled_is_sent_on(stub, content):
    port, heard = await stub({"EHLO": b"250 stub\r\n"})
    replies = await hand_over(port, Letter(BO, content), [AN])
    assert replies[0].enhanced == "5.6.0"
    assert all(line.startswith((b"EHLO", b"QUIT")) for line in heard)


async def test_limits_of_the_server_are_known_before_sending(stub):
    port, heard = await stub({"EHLO": b"250-stub\r\n250-SIZE 10\r\n250 PIPELINING\r\n"})
    assert (await hand_over(port, Letter(BO, CONTENT), [AN]))[0].enhanced == "5.3.4"
    port, heard = await stub({"EHLO": b"250-stub\r\n250 SIZE\r\n"})
    replies = await hand_over(port, Letter(BO, CONTENT), [Address("ạn", "x.vn"), AN])
    assert [reply.enhanced for reply in replies] == ["5.6.7", ""]
    assert b"MAIL FROM:<bo@y.vn> SIZE=%d\r\n" % len(CONTENT) in heard


async def test_a_server_without_ehlo_is_spoken_to_plainly(stub):
    port, heard = await stub({"EHLO": b"502 what?\r\n"})
    assert (await hand_over(port, Letter(BO, "Subject: x\r\n\r\nđất\r\n".encode()), [AN]))[0].code == 250
    assert b"HELO mail.z.vn\r\n" in heard
    assert b"MAIL FROM:<bo@y.vn>\r\n" in heard


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        ({"MAIL": b"550 5.7.1 no\r\n"}, [550, 550]),
        ({"RCPT": b"452 4.2.2 full\r\n"}, [452, 452]),
        ({"DATA": b"451 4.7.1 later\r\n"}, [451, 451]),
        ({".": b"554-5.7.1 spam\r\n554 5.7.1 really\r\n"}, [554, 554]),
    ],
)
@pytest.mark.parametrize("hello", [b"250 stub\r\n", b"250-stub\r\n250 PIPELINING\r\n"])
async def test_refusals_at_each_step_are_told(stub, script, codes, hello):
    port, _ = await stub({"EHLO": hello, **script})
    assert [reply.code for reply in await hand_over(port, Letter(BO, CONTENT), [AN, AP])] == codes


@pytest.mark.parametrize(
    "script",
    [
        {"": b""},
        {"": b"554 go away\r\n"},
        {"": b"hello\r\n"},
        {"": b"220-endless\r\n" * 2000},
        {"": b"2" * 10_000},
        {"EHLO": b"421 busy\r\n"},
        {"MAIL": None},
        {"RCPT": b"421 4.3.2 down\r\n"},
        {"DATA": b"250 what\r\n"},
        {".": None},
    ],
)
async def test_a_server_that_breaks_the_line_leaves_the_letter_waiting(stub, script):
    port, _ = await stub(script)
    with pytest.raises(Unreachable) as caught:
        await hand_over(port, Letter(BO, CONTENT), [AN], deadlines=QUICK)
    assert caught.value.reply.code in {421, 451, 554, 220}


async def test_nobody_there_is_unreachable():
    with pytest.raises(Unreachable):
        await hand_over(1, Letter(BO, CONTENT), [AN])


async def test_replies_injected_before_tls_are_not_believed(stub):
    port, _ = await stub(
        {"EHLO": b"250-stub\r\n250 STARTTLS\r\n", "STARTTLS": b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n"}
    )
    with pytest.raises(Unreachable):
        await hand_over(port, Letter(BO, CONTENT), [AN], tls=opportunistic_context())


async def test_a_failed_handshake_is_told_apart(stub):
    port, _ = await stub({"EHLO": b"250-stub\r\n250 STARTTLS\r\n", "STARTTLS": b"220 go\r\n"})
    with pytest.raises(TlsFailed):
        await hand_over(port, Letter(BO, CONTENT), [AN], tls=ssl.create_default_context())


async def test_tls_from_the_first_octet_on_its_port(tmp_path, monkeypatch):
    rules = OpenRules()
    with serving(rules, trusted=NOBODY, context=make_tls(tmp_path), implicit_tls=True) as port:
        monkeypatch.setattr(client_module, "SMTPS_PORT", port)
        replies = await hand_over(port, Letter(BO, CONTENT), [AN], tls=opportunistic_context())
        assert replies[0].code == 250
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            await hand_over(port, Letter(BO, CONTENT), [AN], tls=verifying_context())

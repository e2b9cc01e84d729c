"""Letters of strangers are looked at on their way in; what their readers are told stands in the trace (RFC 8601)."""

import smtplib
import time
from email import message_from_bytes

import pytest
from sqlalchemy import insert

from config.settings import SenderCheckSettings
from directory.repository.rows import insert_one
from directory.tables import persons, posts, unit_versions, units
from mailsvc.model.marks import Mark, marks_of
from mailsvc.sender_auth.dkim import sign
from mailsvc.sender_auth.keys import key_record, load_signing_key, make_private_key
from tests.mailsvc.sender_auth.zone import Zone
from tests.mailsvc.smtp.service import service
from tests.support.mail import DOMAIN, NOW

OUR_KEY = load_signing_key(DOMAIN, "s1", make_private_key())
STRICT, SOFT = "strict.example", "soft.example"
ZONE = Zone(
    {
        key_record(OUR_KEY).name: [{"TXT": key_record(OUR_KEY).value}],
        STRICT: [{"TXT": "v=spf1 -all"}],
        f"_dmarc.{STRICT}": [{"TXT": "v=DMARC1; p=reject"}],
        f"_dmarc.{SOFT}": [{"TXT": "v=DMARC1; p=quarantine"}],
        "world.example": [{"TXT": "v=spf1 ip4:127.0.0.0/8 -all"}],
        "dark.example": ["TIMEOUT"],
        "_dmarc.dark.example": ["TIMEOUT"],
    }
)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("vetting"), trusted=False, resolver=ZONE) as running:
        with running.store.write() as uow:
            _head(uow, "Trần Văn Hùng")
        yield running


def _head(uow, name):
    unit = insert_one(uow.conn, units, code="u", created_at=NOW)
    uow.conn.execute(
        insert(unit_versions).values(
            unit_id=unit,
            name="u",
            tier="province",
            branch="state",
            name_fold=" u ",
            sort_key="u",
            valid_from="2020-01-01",
        )
    )
    person = insert_one(
        uow.conn,
        persons,
        full_name=name,
        family_name="",
        middle_name="",
        given_name=name,
        sort_key="",
        created_at=NOW,
    )
    insert_one(uow.conn, posts, unit_id=unit, person_id=person, role="head", valid_from="2020-01-01")


def letter(author, *, name="", extra="", number=1):
    shown = f"{name} <{author}>" if name else author
    return (
        f"{extra}From: {shown}\r\nTo: an@{DOMAIN}\r\nSubject: s{number}\r\nMessage-ID: <{number}@w.example>\r\n\r\nhi\r\n"
    ).encode()


def send(running, content, *, sender="x@world.example"):
    with smtplib.SMTP("127.0.0.1", running.ports["smtp.listen"], local_hostname="pc.world.example") as client:
        try:
            client.sendmail(sender, [f"an@{DOMAIN}"], content)
        except smtplib.SMTPDataError as error:
            return error.smtp_code, error.smtp_error.decode()
    return 250, ""


def received(running):
    stored = running.letters("an")[-1]
    return message_from_bytes(stored)


def marks(running):
    return marks_of(running.letters("an")[-1].partition(b"Received:")[0])


def test_what_was_found_stands_above_our_received_field(running):
    assert send(running, letter("x@world.example"))[0] == 250
    names = [name.lower() for name in received(running)]
    assert names[:4] == ["delivered-to", "return-path", "authentication-results", "received"]
    told = " ".join(received(running)["Authentication-Results"].split())
    assert told.startswith(f"mail.{DOMAIN}; spf=pass smtp.mailfrom=x@world.example")
    assert marks(running) == ()


def test_results_that_only_claim_to_be_ours_are_taken_out_before_the_letter_is_stored(running):
    forged = f"Authentication-Results: mail.{DOMAIN}; dkim=pass header.d={DOMAIN}\r\nCongvu-Marks: none\r\n"
    other = "Authentication-Results: mx.elsewhere.example; dkim=pass\r\n"
    assert send(running, letter("x@world.example", extra=forged + other, number=2))[0] == 250
    told = received(running).get_all("Authentication-Results")
    assert len(told) == 2
    assert "mx.elsewhere.example" in told[1]
    assert "dkim=pass" not in told[0]
    assert received(running)["Congvu-Marks"] is None


def test_our_domain_in_from_is_refused_without_proof(running):
    code, text = send(running, letter(f"an@{DOMAIN}"))
    assert code == 550
    assert text.startswith("5.7.1 Thu mang ten mien cua chung toi")
    assert send(running, letter(f"an@sub.{DOMAIN}"))[0] == 550
    # A second From hides nothing.
    assert send(running, letter("x@world.example", extra=f"From: an@{DOMAIN}\r\n"))[0] == 550


def test_our_own_signature_brings_our_letter_in_from_outside(running):
    content = letter(f"an@{DOMAIN}", number=3)
    assert send(running, sign(content, [OUR_KEY], now=int(time.time())) + content)[0] == 250
    assert marks(running) == ()
    changed = sign(content, [OUR_KEY], now=int(time.time())) + content.replace(b"hi", b"pay")
    assert send(running, changed)[0] == 550


def test_dmarc_is_obeyed(running):
    code, text = send(running, letter(f"x@{STRICT}"))
    assert (code, text[:5]) == (550, "5.7.1")
    assert STRICT in text


def test_dns_trouble_takes_the_letter(running):
    assert send(running, letter("x@dark.example", number=4), sender="x@dark.example")[0] == 250
    told = received(running)["Authentication-Results"]
    assert "spf=temperror" in told
    assert "dmarc=temperror" in told


@pytest.mark.parametrize(
    ("content", "mark"),
    [
        (b"To: x\r\nSubject: no author\r\n\r\nhi\r\n", Mark.NO_AUTHOR),
        (letter("x@world.example, y@world.example", number=10), Mark.SEVERAL_AUTHORS),
        (letter("x@world.example", extra="From: y@world.example\r\n", number=11), Mark.SEVERAL_AUTHORS),
        (letter(f"x@{DOMAIN.replace('o', '0')}", number=12), Mark.LOOKALIKE_DOMAIN),
        (letter("x@world.example", name=f'"an@{DOMAIN}"', number=13), Mark.OUR_ADDRESS_AS_NAME),
        (
            letter("x@world.example", name="=?utf-8?B?VHLhuqduIFbEg24gSMO5bmc=?=", number=14),
            Mark.NAME_OF_A_HEAD,
        ),
        (letter("x@world.example", name="Tran Van HUNG", number=15), Mark.NAME_OF_A_HEAD),
    ],
)
def test_readers_are_warned(running, content, mark):
    assert send(running, content)[0] == 250
    assert mark in marks(running)


def test_lmtp_and_trusted_networks_are_free_of_it(tmp_path):
    with service(tmp_path, resolver=ZONE) as running:
        assert send(running, letter(f"an@{DOMAIN}"))[0] == 250
        assert received(running)["Authentication-Results"] is None


def test_a_setting_only_marks(tmp_path):
    lenient = SenderCheckSettings(dmarc="mark", own_domains="mark")
    with service(tmp_path, trusted=False, resolver=ZONE, sender_check=lenient) as running:
        assert send(running, letter(f"x@{STRICT}"))[0] == 250
        assert marks(running) == (Mark.FAILS_DMARC,)
        assert send(running, letter(f"an@{DOMAIN}"))[0] == 250
        assert Mark.OUR_DOMAIN_UNPROVEN in marks(running)

import base64

from tests.mailsvc.imap.player import PASSWORD, Player
from tests.support.mail import DOMAIN


def plain(name: str, password: str, acting_for: str = "") -> str:
    return base64.b64encode(f"{acting_for}\0{name}\0{password}".encode()).decode()


def test_the_greeting_names_what_concerns_login(imap: Player) -> None:
    greeting = imap.client().greeting
    assert (
        greeting
        == b"* OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE IDLE STARTTLS AUTH=PLAIN AUTH=OAUTHBEARER] Congvu is ready"
    )


def test_login_with_literals_and_without(imap: Player) -> None:
    user = f"alice@{DOMAIN}"
    client = imap.client()
    client.sends(f"a LOGIN {{{len(user)}}}").gets("+ ...")
    client.sends(f"{user} {{{len(PASSWORD)}+}}\r\n{PASSWORD}").gets("a OK [CAPABILITY IMAP4rev1 ...] ...")


def test_authenticate_plain_with_and_without_initial_response(imap: Player) -> None:  # RFC 4959
    imap.client().sends(f"a AUTHENTICATE PLAIN {plain(f'alice@{DOMAIN}', PASSWORD)}").gets("a OK ...")
    imap.client().sends("a AUTHENTICATE PLAIN").gets("+ ").sends(plain(f"bob@{DOMAIN}", PASSWORD)).gets(
        "a OK ..."
    )
    imap.client().sends("a AUTHENTICATE PLAIN").gets("+ ").sends("*").gets("a BAD ...")
    imap.client().sends("a AUTHENTICATE CRAM-MD5").gets("a NO [CANNOT] ...")


def test_unknown_name_and_wrong_password_are_told_the_same(imap: Player) -> None:
    client = imap.client()
    said = "NO [AUTHENTICATIONFAILED] Wrong name or password"
    client.sends(f"a LOGIN alice@{DOMAIN} wrong").gets(f"a {said}")
    client.sends(f"b LOGIN nobody@{DOMAIN} wrong").gets(f"b {said}")
    client.sends(f"c LOGIN daron@{DOMAIN} wrong").gets(f"c {said}")  # a unit box has no password
    client.sends(f"d LOGIN alice@{DOMAIN} {PASSWORD}").gets("d OK ...")


def test_who_guesses_is_sent_away(imap: Player) -> None:
    client = imap.client()
    for _ in range(5):
        client.sends("a LOGIN x y").gets("a NO ...")
    client.gets("* BYE ...").ends()


def test_starttls_and_what_was_slipped_in_behind_it(imap: Player) -> None:  # RFC 3501 §6.2.1
    client = imap.client()
    client.sends_octets(b"a STARTTLS\r\nb NOOP\r\n").gets("a OK ...")
    client.go_secure(imap.house.certificate)
    client.sends("c CAPABILITY").gets(
        "* CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=OAUTHBEARER",
        "c OK ...",
    )
    client.sends("d STARTTLS").gets("d BAD ...")
    client.sends(f"e LOGIN alice@{DOMAIN} {PASSWORD}").gets("e OK ...").sends("f SELECT INBOX")
    assert b"FLAGS" in client.line()


def test_implicit_tls(imap: Player) -> None:
    assert imap.client("alice", tls=True).does("NOOP") == []


def test_logout_says_bye_first(imap: Player) -> None:
    imap.alice.sends("a LOGOUT").gets("* BYE ...", "a OK ...").ends()
    imap.client().sends("a LOGOUT").gets("* BYE ...", "a OK ...").ends()


def test_ten_mistakes_do_not_end_a_session_but_garbage_before_login_does(imap: Player) -> None:
    for number in range(30):
        imap.alice.sends(f"{number} BOGUS").gets(f"{number} BAD ...")
    client = imap.client()
    client.sends_octets(b"GET / HTTP/1.1\r\n" * 20)
    while line := client.line():
        last = line
    assert last.startswith(b"* BYE")

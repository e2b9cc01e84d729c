"""A ledger of what was acknowledged, kept outside of the place that is hurt; and clients that write into it."""

import hashlib
import imaplib
import re
import smtplib
import threading
from collections import Counter
from dataclasses import dataclass, field

from tests.support.service import Service


@dataclass
class Ledger:
    """SHA-256 of every letter and the account that a 250 promised it to."""

    promised: list[tuple[str, str]] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def promise(self, account: str, content: bytes) -> None:
        with self._lock:
            self.promised.append((account, hashlib.sha256(content).hexdigest()))

    def refuse(self, code: int) -> None:
        with self._lock:
            self.refused.append(code)


def letter(sender: int, number: int) -> bytes:
    """A letter that no other is equal to."""
    body = f"Thu so {number} cua nguoi gui {sender}.\r\n" * (1 + number % 40)
    return (
        f"From: gui{sender}@example.org\r\nSubject: {sender}/{number}\r\n"
        f"Message-ID: <{sender}.{number}@example.org>\r\n\r\n{body}"
    ).encode()


def send_by_lmtp(service: Service, ledger: Ledger, sender: int, accounts: list[str], count: int) -> None:
    """Letters one after the other until the connection dies; each 250 goes into the ledger."""
    try:
        with smtplib.LMTP(*service.address("lmtp")) as lmtp:
            lmtp.ehlo()
            for number in range(count):
                account = accounts[number % len(accounts)]
                content = letter(sender, number)
                lmtp.mail(f"gui{sender}@example.org")
                lmtp.rcpt(f"{account}@{service.domain}")
                code, _ = lmtp.data(content)
                if code == 250:
                    ledger.promise(account, content)
                else:
                    ledger.refuse(code)
    except (smtplib.SMTPException, OSError):
        return


TRACE = re.compile(
    rb"\A(?:(?:Delivered-To|Return-Path|Received|Authentication-Results):.*\r\n(?:[ \t].*\r\n)*)*"
)


def held(service: Service, account: str, password: str) -> tuple[Counter[str], list[int]]:
    """What an account has, by the SHA-256 of the content behind our trace prefix; and its UIDs."""
    imap = imaplib.IMAP4(*service.address("imap"))
    imap.login(f"{account}@{service.domain}", password)
    imap.select("INBOX", readonly=True)
    _, found = imap.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
    imap.logout()
    letters: Counter[str] = Counter()
    uids: list[int] = []
    for item in found:
        if isinstance(item, tuple):
            uids.append(int(re.search(rb"UID (\d+)", item[0])[1]))
            letters[hashlib.sha256(TRACE.sub(b"", item[1], count=1)).hexdigest()] += 1
    return letters, uids


def check(service: Service, ledger: Ledger, accounts: list[str], password: str) -> None:
    """Every acknowledged letter is there once, nothing is there twice, and the store is sound."""
    for account in accounts:
        letters, uids = held(service, account, password)
        assert uids == sorted(set(uids))
        promised = {digest for to, digest in ledger.promised if to == account}
        assert promised <= letters.keys(), (
            f"{account}: {len(promised - letters.keys())} acknowledged letters lost"
        )
        assert max(letters.values(), default=1) == 1, f"{account}: doubled"
    service.must("verify")

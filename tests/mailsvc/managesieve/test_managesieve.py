"""ManageSieve (RFC 5804) against the real service: by hand, and with sieve-connect."""

import base64
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service import Service
from tests.support.system import need

PASSWORD = "Mat-khau-1"
SCRIPT = 'require "fileinto";\r\nif header :contains "subject" "họp" { fileinto "Archive"; }\r\n'.encode()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("province") / "data", web=False)
    service.init().add_people(["an", "binh"], PASSWORD)
    with service.start():
        yield service


class Talk:
    """One connection, a line at a time."""

    def __init__(self, service: Service, *, sign_in: str = "") -> None:
        self._socket = socket.create_connection(("127.0.0.1", service.ports["managesieve"]), 20)
        self._file = self._socket.makefile("rb")
        self.domain = service.domain
        self.greeting = self.answer()
        if sign_in:
            assert self.says(b'AUTHENTICATE "PLAIN" "%b"' % self.plain(sign_in))[-1].startswith(b"OK")

    def plain(self, name: str, box: str = "", password: str = PASSWORD) -> bytes:
        return base64.b64encode(f"{box}\0{name}@{self.domain}\0{password}".encode())

    def says(self, octets: bytes) -> list[bytes]:
        self._socket.sendall(octets + b"\r\n")
        return self.answer()

    def answer(self) -> list[bytes]:
        lines: list[bytes] = []
        while True:
            line = self._file.readline()
            if match := re.search(rb"\{(\d+)\}\r\n\Z", line):
                line += self._file.read(int(match[1])) + self._file.readline()
            lines.append(line.removesuffix(b"\r\n"))
            if not line or re.match(rb"(OK|NO|BYE)\b", line) or line == b'""\r\n':
                return lines

    def go_secure(self, certificate: Path) -> list[bytes]:
        context = ssl.create_default_context(cafile=certificate)
        context.check_hostname = False
        self._socket = context.wrap_socket(self._socket)
        self._file = self._socket.makefile("rb")
        return self.answer()

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def an(service: Service) -> Iterator[Talk]:
    talk = Talk(service, sign_in="an")
    yield talk
    talk.close()


def put(name: bytes, script: bytes) -> bytes:
    return b'PUTSCRIPT "%b" {%d+}\r\n%b' % (name, len(script), script)


def test_the_greeting_says_what_scripts_may_require(service: Service) -> None:  # RFC 5804 §1.7
    talk = Talk(service)
    told = dict(line.split(b" ", 1) for line in talk.greeting if line.count(b'"') == 4)
    assert {b"fileinto", b"vacation", b"imap4flags"} <= set(told[b'"SIEVE"'].strip(b'"').split())
    assert b"PLAIN" in told[b'"SASL"']
    assert b'"STARTTLS"' in talk.greeting
    assert talk.says(b"LISTSCRIPTS")[-1] == b'NO "Not now"'
    assert talk.says(b'NOOP "a\\"b"') == [b'OK (TAG "a\\"b") "Nothing done"']
    talk.close()


def test_a_script_is_kept_activated_told_and_taken_away(an: Talk) -> None:  # RFC 5804 §2.5 to §2.11
    assert an.says(b'HAVESPACE "hop" 1000')[-1].startswith(b"OK")
    assert an.says(put("họp".encode(), SCRIPT))[-1].startswith(b"OK")
    assert an.says('SETACTIVE "họp"'.encode())[-1].startswith(b"OK")
    assert an.says(b"LISTSCRIPTS")[0] == '"họp" ACTIVE'.encode()
    assert an.says('GETSCRIPT "họp"'.encode())[0] == b"{%d}\r\n%b" % (len(SCRIPT), SCRIPT)
    assert an.says('DELETESCRIPT "họp"'.encode())[-1].startswith(b"NO (ACTIVE)")
    assert an.says('RENAMESCRIPT "họp" "giao ban"'.encode())[-1].startswith(b"OK")
    assert an.says(b'SETACTIVE ""')[-1].startswith(b"OK")
    assert an.says(b'DELETESCRIPT "giao ban"')[-1].startswith(b"OK")
    assert an.says(b'GETSCRIPT "giao ban"')[-1].startswith(b"NO (NONEXISTENT)")


def test_what_cannot_be_read_is_said_with_its_line(an: Talk) -> None:  # RFC 5804 §2.6, §2.12
    assert b"line 2: unknown command 'nothing'" in an.says(put(b"x", b"keep;\r\nnothing;\r\n"))[-1]
    assert b"line 1" in an.says(b'CHECKSCRIPT "keep"')[-1]
    assert an.says(b'CHECKSCRIPT "keep;"')[-1].startswith(b"OK")
    assert an.says(b'HAVESPACE "x" 999999999')[-1].startswith(b"NO (QUOTA/MAXSIZE)")
    assert an.says(put(b"", b"keep;"))[-1].startswith(b"NO")
    for wrong in (b"", b'PUTSCRIPT "x', b'HAVESPACE "x" y', b"GETSCRIPT", b"NOTHING", b"NOOP " + b"a " * 20):
        assert an.says(wrong)[-1].startswith(b"NO"), wrong
    assert an.says(b"LISTSCRIPTS") == [b'OK "Scripts told"']


def test_rules_are_those_of_one_person_or_of_a_box_they_act_in(service: Service, an: Talk) -> None:
    an.says(put(b"cua an", b"keep;"))
    binh = Talk(service, sign_in="binh")
    assert binh.says(b"LISTSCRIPTS") == [b'OK "Scripts told"']
    assert binh.says(b"UNAUTHENTICATE")[-1].startswith(b"OK")
    asked = b'AUTHENTICATE "PLAIN" "%b"' % binh.plain("binh", f"an@{service.domain}")
    assert binh.says(asked)[-1].startswith(b"NO")
    assert binh.says(b'AUTHENTICATE "PLAIN"') == [b'""']
    assert binh.says(b'"%b"' % binh.plain("binh", password="sai"))[-1].startswith(b"NO")
    binh.close()


def test_tls_begins_anew(service: Service) -> None:  # RFC 5804 §2.2
    talk = Talk(service)
    assert talk.says(b"STARTTLS")[-1].startswith(b"OK")
    told = talk.go_secure(service.data / "tls" / "cert.pem")
    assert b'"STARTTLS"' not in told
    assert talk.says(b'AUTHENTICATE "PLAIN" "%b"' % talk.plain("an"))[-1].startswith(b"OK")
    assert talk.says(b"LOGOUT")[-1].startswith(b"OK")
    talk.close()


@pytest.mark.peer
def test_sieve_connect_keeps_a_script(service: Service, tmp_path: Path) -> None:
    need("sieve-connect", package="sieve-connect")
    script = tmp_path / "nghi.sieve"
    script.write_bytes(b'require "vacation";\nvacation "Toi nghi";\n')
    common = ["sieve-connect", "--server", "localhost", "--port", str(service.ports["managesieve"]), "--user",
              f"an@{service.domain}", "--passwordfd", "0", "--authmech", "PLAIN", "--tlscapath", "/nonexistent",
              "--notlsverify", "--nosslverify"]  # fmt: skip

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*common, *arguments], input=PASSWORD + "\n", capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run("--localsieve", str(script), "--remotesieve", "nghi", "--upload")
    run("--remotesieve", "nghi", "--activate")
    assert "ACTIVE" in run("--list")

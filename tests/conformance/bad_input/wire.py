"""Raw sockets to a service: octets out, replies in, nothing made easier than it is."""

import base64
import re
import socket
from typing import Self

SECONDS = 30
LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")


class Wire:
    """One connection."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=SECONDS)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def say(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def line(self) -> bytes:
        """One line with its end; empty when the server has closed."""
        return self.file.readline()

    def is_closed(self) -> bool:
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)


class Smtp(Wire):
    """SMTP or LMTP, greeted."""

    def __init__(self, address: tuple[str, int], hello: bytes = b"EHLO world.example") -> None:
        super().__init__(address)
        self.greeting = self.reply()
        self.asks(hello)

    def reply(self) -> bytes:
        """The last line of a reply."""
        while True:
            line = self.line()
            if not line or line[3:4] != b"-":
                return line

    def asks(self, command: bytes) -> bytes:
        self.say(command + b"\r\n")
        return self.reply()

    def envelope(self, *recipients: str, sender: str = "x@world.example") -> None:
        """MAIL and RCPT, all taken, and 354 to DATA."""
        assert self.asks(f"MAIL FROM:<{sender}>".encode()).startswith(b"250")
        for recipient in recipients:
            assert self.asks(f"RCPT TO:<{recipient}>".encode()).startswith(b"250")
        assert self.asks(b"DATA").startswith(b"354")

    def letter(self, content: bytes, *recipients: str) -> bytes:
        """Send a letter; the reply to its last octet."""
        self.envelope(*recipients)
        return self.asks(content + b"\r\n.")


class Imap(Wire):
    """IMAP, greeted, signed in if a name is given."""

    def __init__(self, address: tuple[str, int], name: str = "", password: str = "Mat-khau-1") -> None:
        super().__init__(address)
        self.greeting = self.line()
        if name:
            assert self.asks(f"LOGIN {name} {password}".encode()).startswith(b"a OK")

    def until(self, tag: bytes = b"a") -> tuple[list[bytes], bytes]:
        """Untagged lines and the tagged one (or what stood there when the server closed)."""
        lines: list[bytes] = []
        while (line := self.whole_line()) and not line.startswith(tag + b" "):
            lines.append(line)
        return lines, line

    def whole_line(self) -> bytes:
        """A line with the literals in it, and what follows them (RFC 3501 §4.3)."""
        line = self.line()
        while announced := LITERAL.search(line):
            line += self.file.read(int(announced[1])) + self.line()
        return line

    def asks(self, command: bytes, tag: bytes = b"a") -> bytes:
        """The tagged reply to a command."""
        return self.tells(command, tag)[1]

    def tells(self, command: bytes, tag: bytes = b"a") -> tuple[list[bytes], bytes]:
        """Untagged lines and the tagged reply."""
        self.say(tag + b" " + command + b"\r\n")
        return self.until(tag)

    def append(self, letter: bytes, mailbox: bytes = b"Archive", more: bytes = b"") -> bytes:
        self.say(b"a APPEND " + mailbox + b" " + more + b"{%d+}\r\n" % len(letter) + letter + b"\r\n")
        return self.until()[1]

    def exists(self, mailbox: bytes = b"INBOX") -> int:
        lines, _ = self.tells(b"STATUS " + mailbox + b" (MESSAGES)")
        return int(lines[-1].rpartition(b" ")[2].rstrip(b")\r\n"))


def plain(name: str, password: str) -> bytes:
    """An initial response of PLAIN (RFC 4616 §2)."""
    return base64.b64encode(f"\0{name}\0{password}".encode())

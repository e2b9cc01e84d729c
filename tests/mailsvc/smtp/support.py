"""A listener on its own loop in a thread, so that any client can talk to it; and rules that need no store."""

import asyncio
import contextlib
import datetime as dt
import socket
import threading
from ipaddress import ip_network

import uvloop

from mailsvc.net import tls
from mailsvc.net.limits import TrustedNetworks
from mailsvc.smtp.rules import Language, Limits
from mailsvc.smtp.server import SmtpListener
from mailsvc.smtp.wire.reply import Reply

LOOPBACK = TrustedNetworks([ip_network("127.0.0.0/8")])
NOBODY = TrustedNetworks([])
LIMITS = Limits(
    message_octets=1_000_000, line_octets=50_000, recipients=1000, command_seconds=20, data_seconds=20
)


class OpenRules:
    """Takes everything for names that begin with a; keeps it in a list."""

    def __init__(self, language=Language.SMTP, *, limits=LIMITS, requires_auth=False):
        self.language = language
        self.limits = limits
        self.hostname = "mx.x.vn"
        self.home = "x.vn"
        self.offers_auth = language is Language.SMTP
        self.requires_auth = requires_auth
        self.taken = []
        self.open = 0
        self.admitted = 0
        self.explode = False

    def admit(self, client):
        self.open += 1
        self.admitted += 1

    def leave(self, client):
        self.open -= 1

    async def sign_in(self, client, credentials):
        if credentials.login != "an@x.vn" or credentials.password not in {"mật khẩu", "ascii only"}:
            return Reply(535, "5.7.8", "no")
        client.account = credentials.login
        return Reply(235, "2.7.0", "yes")

    def mechanisms(self, client):
        return ()

    def begin(self, client, mechanism):
        return None

    async def mail(self, client, mail):
        return Reply(250, "2.1.0", "OK")

    async def rcpt(self, client, transaction, rcpt):
        if not rcpt.forward_path.local.startswith("a"):
            return Reply(550, "5.1.1", "no such recipient")
        transaction.recipients.append(rcpt.forward_path)
        return Reply(250, "2.1.5", "OK")

    async def data(self, client, transaction, content):
        if self.explode:
            raise RuntimeError("a bug")
        self.taken.append((transaction.mail.reverse_path, tuple(transaction.recipients), content))
        if self.language is Language.SMTP:
            return [Reply(250, "2.0.0", "stored")]
        return [
            Reply(452, "4.2.2", "full") if one.local == "afull" else Reply(250, "2.0.0", f"{one} stored")
            for one in transaction.recipients
        ]

    @property
    def letters(self):
        return [content for _, _, content in self.taken]


class LoopThread:
    """An event loop (uvloop, as in service) in a thread of its own."""

    def __enter__(self):
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        return self

    def run(self, coroutine, seconds=30):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds)

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@contextlib.contextmanager
def serving(rules, *, trusted=LOOPBACK, context=None, implicit_tls=False):
    """The port of a listener with these rules."""
    with LoopThread() as thread:
        listener = SmtpListener(rules, trusted=trusted, tls=context, implicit_tls=implicit_tls)
        port = thread.run(listener.start("127.0.0.1", 0))
        try:
            yield port
        finally:
            thread.run(listener.stop())


def make_tls(folder):
    """A server context with a certificate of our own making."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    tls.make_certificate(certificate, key, ["localhost", "127.0.0.1"], now=dt.datetime.now(dt.UTC))
    return tls.server_context(certificate, key)


class Wire:
    """A bare socket that says octets and reads replies."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def say(self, octets):
        self.sock.sendall(octets)
        return self

    def reply(self):
        """One whole reply, its lines joined; empty when the server has closed."""
        lines = []
        while True:
            while b"\r\n" not in self.buffer:
                try:
                    more = self.sock.recv(65536)
                except ConnectionResetError:
                    more = b""
                if not more:
                    return b"".join(lines) + self.buffer
                self.buffer += more
            line, _, self.buffer = self.buffer.partition(b"\r\n")
            lines.append(line + b"\r\n")
            if line[3:4] != b"-":
                return b"".join(lines)

    def asks(self, octets):
        return self.say(octets).reply()

    def hello(self, words=b"EHLO test"):
        self.reply()
        return self.asks(words + b"\r\n")

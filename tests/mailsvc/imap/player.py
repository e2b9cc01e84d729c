"""A real IMAP server in a thread, and clients that say lines and expect lines."""

import asyncio
import re
import socket
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from sqlalchemy import update

from config.settings import ImapSettings, Settings
from directory.model import AccountId, AccountKind, Right
from directory.passwords import hash_password
from directory.repository import delegations
from directory.tables import accounts
from mailsvc.imap.server import ImapServers
from mailsvc.model.changes import DirectoryChanged
from mailsvc.net.bridge import Bridge
from mailsvc.net.tls import make_certificate, server_context
from mailsvc.services.sign_in import SignIn
from mailsvc.services.watch import Watch
from mailsvc.storage.store import Store
from tests.support.mail import DOMAIN, NOW, add_account, deliver, letter, make_store

PASSWORD = "Dung-1-mat-khau"
SECONDS = 20


class ImapHouse:
    """One store, one server, two people and a unit box."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.data_dir = data_dir
        self.store = make_store(data_dir)
        self.certificate = data_dir / "cert.pem"
        key = data_dir / "key.pem"
        make_certificate(self.certificate, key, ["localhost", "127.0.0.1"], now=datetime.now(UTC))
        self._tls = server_context(self.certificate, key)
        hashed = hash_password(PASSWORD)
        self.people: dict[str, AccountId] = {}
        with self.store.write() as uow:
            for local in ("alice", "bob"):
                self.people[local] = add_account(uow, local)
                uow.conn.execute(
                    update(accounts).where(accounts.c.id == self.people[local]).values(password_hash=hashed)
                )
            self.people["unit"] = add_account(uow, "daron", AccountKind.UNIT)
        imap = {"listen": "127.0.0.1:0", "listen_tls": "127.0.0.1:0", **settings.pop("imap", {})}
        self.settings = Settings(domain=DOMAIN, imap=ImapSettings(**imap), **settings)
        self._is_up = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._thread = threading.Thread(target=lambda: uvloop.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._is_up.wait(SECONDS)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        store = Store(self.data_dir, self.settings.storage, clock=self.store.clock)
        bridge = self.bridge = Bridge(store)
        bridge.listen()
        self.server = ImapServers(
            self.settings, bridge, Watch(store), SignIn(self.settings.password), self._tls, store.pieces
        )
        await self.server.start()
        self.port, self.port_tls = self.server.ports
        self._is_up.set()
        await self._stop.wait()
        await self.server.stop()
        await bridge.close()
        store.close()

    def stop_serving(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(SECONDS)

    def close(self) -> None:
        self.stop_serving()
        self.store.close()

    def deliver(self, *letters: bytes, to: str = "alice") -> None:
        for content in letters:
            deliver(self.store, content, self.people[to], local=to)
        self.tell_news()

    def tell_news(self) -> None:
        """What another process's doorbell would do: it does not ring within one process."""

        async def look() -> None:
            self.bridge._publish_news()

        asyncio.run_coroutine_threadsafe(look(), self._loop).result(SECONDS)

    def share(self, rights: Right, name: str = "alice") -> None:
        """Give somebody rights in the unit box."""
        with self.store.write() as uow:
            delegations.grant(uow.conn, self.people["unit"], self.people[name], rights, NOW)
            uow.record(DirectoryChanged())
        self.tell_news()

    def revoke(self, name: str = "alice") -> None:
        with self.store.write() as uow:
            delegations.revoke(uow.conn, self.people["unit"], self.people[name])
            uow.record(DirectoryChanged())
        self.tell_news()

    def fill(self, count: int, to: str = "alice") -> None:
        self.deliver(*[letter(number) for number in range(1, count + 1)], to=to)

    def client(self, name: str = "", *, tls: bool = False) -> "Client":
        context = ssl.create_default_context(cafile=self.certificate) if tls else None
        client = Client(self.port_tls if tls else self.port, context)
        if name:
            client.sends(f"login LOGIN {name}@{DOMAIN} {PASSWORD}").gets("login OK ...")
        return client


@dataclass
class Client:
    """One connection. `gets` matches whole lines; `...` in an expectation stands for anything."""

    port: int
    tls: ssl.SSLContext | None = None
    heard: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port), SECONDS)
        if self.tls is not None:
            self._socket = self.tls.wrap_socket(self._socket, server_hostname="localhost")
        self._file = self._socket.makefile("rb")
        self.greeting = self.line()

    def go_secure(self, certificate: Path) -> None:
        context = ssl.create_default_context(cafile=certificate)
        self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self._file = self._socket.makefile("rb")

    def sends(self, text: str | bytes) -> "Client":
        octets = text.encode() if isinstance(text, str) else text
        self._socket.sendall(octets + b"\r\n")
        return self

    def sends_octets(self, octets: bytes) -> "Client":
        self._socket.sendall(octets)
        return self

    def line(self) -> bytes:
        """The next reply with its literals; empty at the end of the connection."""
        whole = b""
        while True:
            part = self._file.readline()
            whole += part
            literal = re.search(rb"\{(\d+)\}\r\n\Z", part)
            if literal is None:
                return whole.removesuffix(b"\r\n")
            whole += self._file.read(int(literal.group(1)))

    def gets(self, *expected: str) -> "Client":
        """The next replies, each as expected."""
        for want in expected:
            got = self.line()
            pattern = ".*".join(re.escape(part) for part in want.split("..."))
            assert re.fullmatch(pattern.encode(), got, re.DOTALL), f"got {got!r}, wanted {want!r}"
        return self

    def ends(self) -> None:
        """The server has closed the connection."""
        assert self.line() == b""

    def asks(self, command: str | bytes, tag: str = "t") -> list[bytes]:
        """All replies to a command, the tagged one last."""
        self.sends(tag.encode() + b" " + (command.encode() if isinstance(command, str) else command))
        replies = []
        while True:
            reply = self.line()
            assert reply, replies
            replies.append(reply)
            if reply.startswith(tag.encode() + b" "):
                return replies

    def does(self, command: str | bytes) -> list[bytes]:
        """The untagged replies to a command that succeeds."""
        replies = self.asks(command)
        assert replies[-1].startswith(b"t OK"), replies
        return replies[:-1]

    def refuses(self, command: str | bytes) -> bytes:
        """The tagged reply to a command that fails, without its tag."""
        reply = self.asks(command)[-1]
        assert not reply.startswith(b"t OK"), reply
        return reply.removeprefix(b"t ")

    def appends(self, content: bytes, mailbox: str = "INBOX", flags: str = "") -> bytes:
        """APPEND with a literal that does not wait; the tagged reply."""
        words = f"APPEND {mailbox} {flags} ".replace("  ", " ").encode()
        reply = self.asks(words + b"{%d+}\r\n" % len(content) + content)[-1]
        assert reply.startswith(b"t OK"), reply
        return reply

    def close(self) -> None:
        self._file.close()
        self._socket.close()


class Player:
    """A house with alice and bob signed in."""

    def __init__(self, house: ImapHouse) -> None:
        self.house = house
        self._clients: list[Client] = []

    def client(self, name: str = "", *, tls: bool = False) -> Client:
        client = self.house.client(name, tls=tls)
        self._clients.append(client)
        return client

    @property
    def alice(self) -> Client:
        if "_alice" not in self.__dict__:
            self._alice = self.client("alice")
        return self._alice

    @property
    def alice2(self) -> Client:
        """Another client of hers."""
        if "_alice2" not in self.__dict__:
            self._alice2 = self.client("alice")
        return self._alice2

    @property
    def bob(self) -> Client:
        if "_bob" not in self.__dict__:
            self._bob = self.client("bob")
        return self._bob

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.house.close()

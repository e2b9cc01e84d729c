"""The whole road in one process: a store, its bridge, and the SMTP servers on free ports."""

import contextlib
from ipaddress import ip_network

from sqlalchemy import update

from config.settings import LmtpSettings, Settings, SmtpSettings, SubmissionSettings
from directory.address import Address
from directory.passwords import hash_password
from directory.tables import accounts
from mailsvc.model.ids import AccountId
from mailsvc.net.bridge import Bridge
from mailsvc.services.sign_in import SignIn
from mailsvc.smtp.server import SmtpServers
from mailsvc.storage import entries, messages, snapshots
from tests.mailsvc.smtp.support import LoopThread, make_tls
from tests.support.mail import DOMAIN, add_account, inbox, make_store, principal

PASSWORD = "Mat-khau-1"
FREE = "127.0.0.1:0"


def settings_for(**changes):
    """Settings with listeners on free ports."""
    plain = {
        "domain": DOMAIN,
        "smtp": SmtpSettings(listen=FREE, max_message_bytes=5_000_000, max_received=20),
        "submission": SubmissionSettings(listen=FREE, listen_tls=FREE),
        "lmtp": LmtpSettings(listen=FREE),
    }
    return Settings(**(plain | changes))


class Service:
    """A running service and what its tests ask of it."""

    def __init__(self, thread, store, servers, bridge, ports, boxes):
        self.thread, self.store, self.servers, self.bridge, self.ports, self.boxes = (
            thread, store, servers, bridge, ports, boxes,
        )  # fmt: skip

    def letters(self, local):
        """The octets of each letter in somebody's INBOX, trace and content."""
        with self.store.read() as db:
            place = inbox(db, principal(self.boxes[local], local))
            found = snapshots.snapshot(db, place.mailbox)
            held = [entries.one(db, place.mailbox.id, uid) for uid in found.uids]
            return [one.trace + messages.content(db, one.message_id) for one in held]


@contextlib.contextmanager
def service(folder, *, trusted=True, quotas=(), resolver=None, **changes):
    """The service with the boxes an, bo and full (1 octet), stopped at the end."""
    if not trusted:
        changes["trusted_networks"] = (ip_network("192.0.2.0/24"),)
    settings = settings_for(**changes)
    store = make_store(folder / "data")
    with store.write() as uow:
        boxes = {local: add_account(uow, local) for local in ("an", "bo")}
        boxes["full"] = add_account(uow, "full", quota=1)
        boxes |= {local: add_account(uow, local, quota=quota) for local, quota in quotas}
        uow.conn.execute(
            update(accounts).where(accounts.c.id == boxes["an"]).values(password_hash=hash_password(PASSWORD))
        )
    with LoopThread() as thread:

        async def start():
            bridge = Bridge(store)
            servers = SmtpServers(
                settings, store, bridge, SignIn(settings.password), make_tls(folder / "tls"), resolver
            )
            return bridge, servers, await servers.start()

        bridge, servers, ports = thread.run(start())
        running = Service(thread, store, servers, bridge, ports, boxes)
        running.settings = settings
        try:
            yield running
        finally:
            thread.run(servers.stop())
            thread.run(bridge.close())
    store.close()


def address(local):
    """An address of ours."""
    return Address(local, DOMAIN)


__all__ = ["PASSWORD", "AccountId", "Service", "address", "service", "settings_for"]

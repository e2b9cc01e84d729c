"""The ports of webmail answered by the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsvc.services.administration.office import Office
from mailsvc.services.guesses import WEB_DOOR
from mailsvc.services.sign_in import open_sign_in
from webmail.adapter.accounts import ServiceAccounts
from webmail.adapter.address_book import ServiceAddressBooks
from webmail.adapter.credentials import CredentialDesk
from webmail.adapter.mail import ServiceMail
from webmail.adapter.provider import ProviderDesk
from webmail.adapter.recovery import ServiceRecovery
from webmail.adapter.rules import ServiceRules
from webmail.adapter.scheduled import ServiceScheduled
from webmail.adapter.statistics import ServiceStatistics
from webmail.adapter.usage import ServiceUsage
from webmail.adapter.watching import ServiceWatching
from webmail.adapter.writing import ServiceWriting
from webmail.client_setup import ClientServers
from webmail.ports import WebOptions, WebServices

if TYPE_CHECKING:
    from config.settings import Settings
    from mailsvc.services.open_store import Store
    from search.engine import Engine


def web_services(store: Store, engine: Engine, settings: Settings) -> WebServices:
    """All that the pages need, over one installation."""
    sign_in = open_sign_in(settings, WEB_DOOR)
    options = options_of(settings)
    accounts = ServiceAccounts(store, sign_in, options.session_seconds, options.trusted_networks)
    usage = ServiceUsage(store)
    mail = ServiceMail(store, engine, usage)
    return WebServices(
        accounts=accounts,
        mail=mail,
        writing=ServiceWriting(store, settings, mail),
        watching=ServiceWatching(store),
        options=options,
        credentials=CredentialDesk(store, sign_in, settings),
        provider=ProviderDesk(store, sign_in, accounts, settings.oidc) if settings.oidc.issuer else None,
        clock=store.clock,
        office=Office(store, settings),
        scheduled=ServiceScheduled(store, settings),
        rules=ServiceRules(store),
        recovery=ServiceRecovery(store, settings.storage.recover_days),
        statistics=ServiceStatistics(store, settings),
        address_books=ServiceAddressBooks(
            store, sign_in, settings.domain, tuple(str(network) for network in settings.trusted_networks)
        ),
    )


def options_of(settings: Settings) -> WebOptions:
    """The settings that the pages look at."""
    return WebOptions(
        domain=settings.domain,
        public_url=settings.web.public_url,
        session_seconds=settings.web.session_hours * 3600,
        max_upload_bytes=settings.web.max_upload_bytes,
        recover_days=settings.storage.recover_days,
        max_letter_bytes=settings.smtp.max_message_bytes,
        warn_percent=settings.quota.warn_percent,
        urgent_percent=settings.quota.urgent_percent,
        trusted_networks=tuple(str(network) for network in settings.trusted_networks),
        servers=ClientServers(
            settings.clients.host or settings.hostname,
            settings.clients.imap_port,
            settings.clients.submission_port,
        ),
    )

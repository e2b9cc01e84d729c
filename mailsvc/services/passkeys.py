"""Khóa truy cập: making and checking passkeys (WebAuthn level 3 §7), over the table of second factors.

A challenge is kept here and good once; the browser brings back the word by which it is found.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from directory import second_factors
from directory.second_factors import FactorRefused
from mailsvc.model.errors import ServiceError, TooMany
from mailsvc.services import challenges

if TYPE_CHECKING:
    from mailsvc.model.ids import AccountId
    from mailsvc.services.permissions import Principal
    from mailsvc.storage.unit_of_work import UnitOfWork

_MAKE, _USE = "passkey.make", "passkey.use"
_CHALLENGE_OCTETS: Final = 32
_MAX_ANSWER: Final = 20_000
_TIMEOUT_MS: Final = challenges.SECONDS * 1000


class BadPasskey(ServiceError):
    """The browser's answer does not fit the challenge, or the passkey is not known."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This site as passkeys know it: a passkey made for another host does not work here."""

    id: str
    """The host name alone."""
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser is given: options for `navigator.credentials`, and the word to bring back."""

    word: str
    options: str
    """JSON."""


def ask_to_make(uow: UnitOfWork, site: RelyingParty, who: Principal) -> Asked:
    """Options for a new passkey (§7.1); those that the person has already are left out."""
    challenge = secrets.token_bytes(_CHALLENGE_OCTETS)
    known = second_factors.passkeys_of(uow.conn, who.account_id)
    options = webauthn.generate_registration_options(
        rp_id=site.id,
        rp_name=site.name,
        user_id=str(who.account_id).encode(),
        user_name=str(who.address),
        user_display_name=who.display_name,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in known],
    )
    value = {"challenge": bytes_to_base64url(challenge)}
    word = challenges.ask(uow, _MAKE, value, who.account_id)
    return Asked(word, webauthn.options_to_json(options))


def make(uow: UnitOfWork, site: RelyingParty, who: Principal, word: str, answer: str, label: str) -> None:
    """Keep the passkey that the browser made; BadPasskey, or TooMany."""
    kept = challenges.answered(uow, _MAKE, word, who.account_id)
    if kept is None or len(answer) > _MAX_ANSWER:
        raise BadPasskey
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(kept["challenge"]),
            expected_rp_id=site.id,
            expected_origin=site.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise BadPasskey from error
    try:
        second_factors.add_passkey(
            uow.conn,
            who.account_id,
            credential_id=found.credential_id,
            public_key=found.credential_public_key,
            sign_count=found.sign_count,
            label=label,
            at=uow.clock(),
        )
    except FactorRefused as refused:
        raise (TooMany() if str(refused) == "too many" else BadPasskey()) from refused


def ask_to_use(uow: UnitOfWork, site: RelyingParty, account: AccountId | None) -> Asked:
    """Options for using a passkey (§7.2): one of this account's, or whichever the device has where nobody is known."""
    challenge = secrets.token_bytes(_CHALLENGE_OCTETS)
    known = [] if account is None else second_factors.passkeys_of(uow.conn, account)
    options = webauthn.generate_authentication_options(
        rp_id=site.id,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in known],
        user_verification=(
            UserVerificationRequirement.REQUIRED if account is None else UserVerificationRequirement.PREFERRED
        ),
    )
    value = {"challenge": bytes_to_base64url(challenge)}
    return Asked(challenges.ask(uow, _USE, value, int(account or 0)), webauthn.options_to_json(options))


def use(uow: UnitOfWork, site: RelyingParty, word: str, answer: str, account: AccountId | None) -> AccountId:
    """Whose passkey signed the challenge. Alone, without a password, its device must have verified the person."""
    kept = challenges.answered(uow, _USE, word, int(account or 0))
    passkey = second_factors.passkey(uow.conn, _credential_id(answer)) if kept is not None else None
    if kept is None or passkey is None or account not in {None, passkey.account_id}:
        raise BadPasskey
    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(kept["challenge"]),
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=account is None,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise BadPasskey from error
    second_factors.passkey_used(uow.conn, passkey.id, found.new_sign_count, uow.clock())
    return passkey.account_id


def _credential_id(answer: str) -> bytes:
    if len(answer) > _MAX_ANSWER:
        raise BadPasskey
    try:
        return base64url_to_bytes(str(json.loads(answer)["rawId"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadPasskey from error

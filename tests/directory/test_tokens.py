"""Personal tokens: shown once, for some purposes, until a day."""

import pytest
from sqlalchemy import Connection, select

from directory import repository, tokens
from directory.app_passwords import list_app_passwords, new_app_password, store_app_password
from directory.model import AccountId, AccountState
from directory.revoke import revoke_everything
from directory.scram_keys import keys_of, salt_to_store
from directory.tables import access_tokens
from directory.tokens import TokenScope, check_token, issue_token
from tests.directory.conftest import NOW
from tests.directory.signing import an, staffed

__all__ = ["an", "staffed"]


LATER = NOW + 90 * 86_400


def test_a_token_stands_for_its_holder_until_its_last_day(staffed: Connection, an: AccountId) -> None:
    text = issue_token(staffed, an, [TokenScope.MAIL, TokenScope.ADMIN], LATER, at=NOW, label="Máy phòng họp")
    holder = check_token(staffed, text, NOW)
    assert holder is not None
    assert (holder.account_id, holder.scopes) == (an, frozenset([TokenScope.MAIL, TokenScope.ADMIN]))
    assert check_token(staffed, text, LATER) is None
    assert check_token(staffed, text + "x", NOW) is None
    assert check_token(staffed, "", NOW) is None
    assert check_token(staffed, "cvt_\ud800", NOW) is None


def test_the_text_itself_is_kept_nowhere(staffed: Connection, an: AccountId) -> None:
    text = issue_token(staffed, an, [TokenScope.MAIL], LATER, at=NOW)
    row = staffed.execute(select(access_tokens)).one()
    assert text.encode() not in bytes(row.digest)
    assert text not in str(row)


def test_a_token_says_when_and_from_where_it_was_used(staffed: Connection, an: AccountId) -> None:
    text = issue_token(staffed, an, [TokenScope.MAIL], LATER, at=NOW)
    holder = check_token(staffed, text, NOW)
    assert holder is not None
    assert holder.must_be_written(NOW)
    tokens.token_used(staffed, holder.token_id, NOW, "203.0.113.0/24")
    again = check_token(staffed, text, NOW + 60)
    assert again is not None
    assert not again.must_be_written(NOW + 60)
    (row,) = tokens.list_tokens(staffed, an, NOW)
    assert (row.last_used_at, row.last_network) == (NOW, "203.0.113.0/24")


@pytest.mark.parametrize("scopes", [[], [TokenScope.MAIL]])
def test_no_token_without_a_purpose_or_an_end(
    staffed: Connection, an: AccountId, scopes: list[TokenScope]
) -> None:
    with pytest.raises(ValueError, match="scope"):
        issue_token(staffed, an, scopes, LATER if not scopes else NOW, at=NOW)


def test_a_token_dies_when_it_is_taken_back_and_with_its_account(staffed: Connection, an: AccountId) -> None:
    first = issue_token(staffed, an, [TokenScope.MAIL], LATER, at=NOW)
    second = issue_token(staffed, an, [TokenScope.MAIL], LATER, at=NOW)
    holder = check_token(staffed, first, NOW)
    assert holder is not None
    assert not tokens.revoke_token(staffed, AccountId(an + 1), holder.token_id, NOW)  # not somebody else's
    assert tokens.revoke_token(staffed, an, holder.token_id, NOW)
    assert not tokens.is_live(staffed, holder.token_id, NOW)
    assert check_token(staffed, first, NOW) is None
    repository.set_state(staffed, an, AccountState.LOCKED, NOW)
    assert check_token(staffed, second, NOW) is None


def test_everything_is_revoked_when_a_person_leaves(staffed: Connection, an: AccountId) -> None:
    text = issue_token(staffed, an, [TokenScope.ADMIN], LATER, at=NOW)
    store_app_password(staffed, an, new_app_password(salt_to_store(staffed, an, NOW)), "Điện thoại", NOW)
    before = repository.account_by_login(staffed, "annv")
    revoked = revoke_everything(staffed, an, NOW)
    after = repository.account_by_login(staffed, "annv")
    assert before is not None
    assert after is not None
    assert (revoked.app_passwords, revoked.tokens) == (1, 1)
    assert after.credentials_epoch > before.credentials_epoch
    assert check_token(staffed, text, NOW) is None
    assert list_app_passwords(staffed, an) == []
    assert keys_of(staffed, an) == []

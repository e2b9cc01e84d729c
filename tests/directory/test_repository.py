import pytest
from sqlalchemy import Connection

from directory import repository
from directory.address import Address
from directory.model import (
    AccountId,
    AccountKind,
    AccountState,
    AddressKind,
    Branch,
    GroupId,
    PostRole,
    Right,
    SuccessionAspect,
    Tier,
)
from tests.directory.conftest import NOW, TODAY
from tests.directory.rosters import import_accounts, import_units

ROSTER = """address,full_name,unit,kind,role,title,aliases
annv@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,head,Giám đốc,giamdoc.syt
antt@lamdong.gov.vn,Trần Thị An,DAR,personal,records_clerk,Văn thư,
hoakt@lamdong.gov.vn,Ka Thị Hoa,DAR,personal,head,Chủ tịch UBND,
binhan@lamdong.gov.vn,Lê Bình,SYT,personal,,Chuyên viên,
daron@lamdong.gov.vn,UBND xã Đạ Ròn,DAR,unit,,,
chutich.daron@lamdong.gov.vn,Chủ tịch UBND xã Đạ Ròn,DAR,post,head,,
mayin@lamdong.gov.vn,Máy quét tầng 2,SYT,service,,,
"""


@pytest.fixture
def staff(conn: Connection) -> dict[str, AccountId]:
    import_units(conn)
    created = import_accounts(conn, ROSTER)
    return {key.partition("@")[0]: account_id for key, account_id in created.items()}


def goes_to(conn: Connection, local: str) -> tuple[AccountId, ...] | None:
    target = repository.resolve(conn, f"{local}@lamdong.gov.vn")
    return None if target is None else target.account_ids


def test_letters_reach_boxes_by_address_and_by_alias(conn: Connection, staff: dict[str, AccountId]) -> None:
    assert goes_to(conn, "annv") == (staff["annv"],)
    assert goes_to(conn, "giamdoc.syt") == (staff["annv"],)
    assert goes_to(conn, "daron") == (staff["daron"],)
    assert goes_to(conn, "khongco") is None


def test_a_service_account_only_sends(conn: Connection, staff: dict[str, AccountId]) -> None:
    assert goes_to(conn, "mayin") is None
    assert repository.sending_addresses(conn, [staff["mayin"]]) == [Address("mayin", "lamdong.gov.vn")]


def test_an_archived_box_takes_no_letters_and_its_addresses_are_not_given_again(
    conn: Connection, staff: dict[str, AccountId]
) -> None:
    repository.set_state(conn, staff["annv"], AccountState.ARCHIVED, NOW)
    assert goes_to(conn, "annv") is None
    assert goes_to(conn, "giamdoc.syt") is None
    assert repository.address_kind(conn, "giamdoc.syt@lamdong.gov.vn") is AddressKind.RETIRED


@pytest.mark.parametrize("local", ["postmaster", "abuse"])
def test_postmaster_and_abuse_answer_on_every_domain(conn: Connection, local: str) -> None:
    repository.add_domain(conn, "binhthuan.gov.vn", NOW, lambda _conn, _ids: None)
    for domain in ("lamdong.gov.vn", "binhthuan.gov.vn"):
        target = repository.resolve(conn, f"{local}@{domain}")
        assert target is not None
        assert target.account_ids == (repository.system_box(conn),)


def test_postmaster_can_lead_to_a_box_that_somebody_reads(
    conn: Connection, staff: dict[str, AccountId]
) -> None:
    repository.set_reserved(conn, "postmaster", "lamdong.gov.vn", staff["annv"])
    assert goes_to(conn, "postmaster") == (staff["annv"],)
    assert repository.sending_addresses(conn, [staff["annv"]])[0].local == "annv"


def test_many_addresses_are_resolved_at_once(conn: Connection, staff: dict[str, AccountId]) -> None:
    keys = [f"{local}@lamdong.gov.vn" for local in ("annv", "khongco", "daron", "mayin")]
    found = repository.resolve_many(conn, keys)
    assert {key: target.account_ids for key, target in found.items()} == {
        keys[0]: (staff["annv"],),
        keys[2]: (staff["daron"],),
    }


def make_group(conn: Connection, local: str, name: str, *members: AccountId) -> GroupId:
    return repository.create_group(
        conn, name=name, address=Address(local, "lamdong.gov.vn"), at=NOW, members=members
    )


def test_groups_hold_groups_even_in_a_circle_and_each_box_once(
    conn: Connection, staff: dict[str, AccountId]
) -> None:
    outer = make_group(conn, "canbo", "Toàn thể cán bộ", staff["annv"], staff["hoakt"], staff["annv"])
    inner = make_group(conn, "daron.tatca", "Cán bộ Đạ Ròn", staff["hoakt"], staff["antt"], staff["mayin"])
    repository.add_group(conn, outer, inner)
    repository.add_group(conn, inner, outer)
    assert goes_to(conn, "canbo") == tuple(sorted((staff["annv"], staff["hoakt"], staff["antt"])))
    repository.remove_members(conn, inner, [staff["antt"]])
    assert goes_to(conn, "canbo") == tuple(sorted((staff["annv"], staff["hoakt"])))


def test_a_computed_group_follows_the_tree_within_its_branch(
    conn: Connection, staff: dict[str, AccountId]
) -> None:
    rules = {
        "ubndxa": repository.GroupRule(Branch.STATE, tier=Tier.COMMUNE),
        "vanthu": repository.GroupRule(Branch.STATE, AccountKind.PERSONAL, role=PostRole.RECORDS_CLERK),
        "truong": repository.GroupRule(
            Branch.STATE, AccountKind.PERSONAL, role=PostRole.HEAD, except_units=("SYT",)
        ),
        "khoidang": repository.GroupRule(Branch.PARTY, AccountKind.PERSONAL),
    }
    for local, rule in rules.items():
        address = Address(local, "lamdong.gov.vn")
        repository.create_computed_group(conn, name=local, address=address, at=NOW, rule=rule, on=TODAY)
    assert goes_to(conn, "ubndxa") == (staff["daron"],)
    assert goes_to(conn, "vanthu") == (staff["antt"],)
    assert goes_to(conn, "truong") == (staff["hoakt"],)
    assert goes_to(conn, "khoidang") == ()
    import_accounts(conn, ROSTER.replace("Lê Bình,SYT,personal,,", "Lê Bình,DAR,personal,records_clerk,"))
    assert goes_to(conn, "vanthu") == (staff["antt"], staff["binhan"])  # an import works them out again
    assert repository.refresh(conn, TODAY) == 0


def test_staff_and_address_of_a_unit_may_have_different_heirs(conn: Connection) -> None:
    codes = import_units(conn) and repository.unit_ids_by_code(conn)
    repository.add_succession(conn, codes["DAR"], codes["SYT"], [SuccessionAspect.STAFF], TODAY)
    repository.add_succession(
        conn, codes["DAR"], codes["UBND"], [SuccessionAspect.ADDRESS, SuccessionAspect.ARCHIVE], TODAY
    )
    assert repository.successors_of(conn, codes["DAR"]) == {
        SuccessionAspect.STAFF: [codes["SYT"]],
        SuccessionAspect.ADDRESS: [codes["UBND"]],
        SuccessionAspect.ARCHIVE: [codes["UBND"]],
    }


def test_a_shared_box_is_reached_by_those_it_was_granted_to(
    conn: Connection, staff: dict[str, AccountId]
) -> None:
    repository.grant(conn, staff["daron"], staff["antt"], Right.READ | Right.ACT, NOW)
    repository.grant(conn, staff["daron"], staff["antt"], Right.READ | Right.SEND_AS, NOW + 50)
    (shared,) = repository.delegated_to(conn, staff["antt"], TODAY)
    assert shared.account.id == staff["daron"]
    assert (shared.rights, shared.joined_at) == (Right.READ | Right.SEND_AS, NOW)
    assert repository.rights_on(conn, staff["binhan"], staff["daron"], TODAY) == Right(0)
    assert [item.grantee_id for item in repository.delegates_of(conn, staff["daron"])] == [staff["antt"]]
    assert repository.revoke(conn, staff["daron"], staff["antt"])
    assert not repository.revoke(conn, staff["daron"], staff["antt"])
    assert repository.delegated_to(conn, staff["antt"], TODAY) == []


def test_a_post_box_follows_whoever_holds_the_post(conn: Connection, staff: dict[str, AccountId]) -> None:
    assert [box.account.id for box in repository.delegated_to(conn, staff["hoakt"], TODAY)] == [
        staff["chutich.daron"]
    ]
    assert repository.delegated_to(conn, staff["annv"], TODAY) == []  # head of another unit
    moved = ROSTER.replace("Ka Thị Hoa,DAR", "Ka Thị Hoa,SYT").replace(
        "Trần Thị An,DAR,personal,records_clerk", "Trần Thị An,DAR,personal,head"
    )
    import_accounts(conn, moved)
    assert repository.delegated_to(conn, staff["hoakt"], TODAY) == []
    assert [box.account.id for box in repository.delegated_to(conn, staff["antt"], TODAY)] == [
        staff["chutich.daron"]
    ]


def test_a_second_post_opens_its_box_until_it_ends(conn: Connection, staff: dict[str, AccountId]) -> None:
    secretary = repository.account_by_id(
        conn, staff["annv"]
    )  # head of a department, and acting for the commune
    assert secretary is not None
    assert secretary.person_id is not None
    assert secretary.unit_id is not None
    commune = repository.unit_by_code(conn, "DAR", TODAY)
    assert commune is not None
    post = repository.add_second_post(
        conn, secretary.person_id, commune.id, PostRole.HEAD, "Kiêm Chủ tịch", TODAY
    )
    held = repository.posts_of(conn, secretary.person_id, TODAY)
    assert [(item.title, item.primary) for item in held] == [("Giám đốc", True), ("Kiêm Chủ tịch", False)]
    reached = repository.delegated_to(conn, staff["annv"], TODAY)
    assert [box.account.id for box in reached] == [staff["chutich.daron"]]
    repository.end_post(conn, post, TODAY)
    assert repository.delegated_to(conn, staff["annv"], TODAY) == []
    person = repository.person_by_id(conn, secretary.person_id)
    assert person is not None
    assert (person.parts.given, person.parts.full) == ("An", "Nguyễn Văn An")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("an", ["annv", "antt"]),  # given names, by family name
        ("An tran", ["antt"]),
        ("trần thị an", ["antt"]),
        ("hoa", ["hoakt"]),
        ("dạ ròn", ["daron", "chutich.daron"]),
        ("ubnd da", ["daron"]),
        ("giam doc", ["annv"]),
        ("van thu", ["antt"]),
        ("annv@", ["annv"]),
        ("binh%@", []),
        ("binhan", ["binhan"]),
        ("may", []),  # service accounts are nobody to write to
        ("quan tri", []),
        ("'; --", []),
        ("an\0@", []),
        ("an\udcff", []),
        ("", []),
    ],
)
def test_a_few_letters_find_the_likeliest_box_first(
    conn: Connection, staff: dict[str, AccountId], typed: str, first: list[str]
) -> None:
    found = [suggestion.address.local for suggestion in repository.complete(conn, typed, 10, on=TODAY)]
    assert found[: len(first)] == first
    assert bool(found) == bool(first)


def test_of_equals_the_readers_own_unit_comes_first(conn: Connection, staff: dict[str, AccountId]) -> None:
    reader = repository.account_by_id(conn, staff["hoakt"])
    assert [hit.address.local for hit in repository.complete(conn, "an", 2, reader, on=TODAY)] == [
        "antt",
        "annv",
    ]


def test_groups_are_completed_after_people(conn: Connection, staff: dict[str, AccountId]) -> None:
    make_group(conn, "canbo", "Toàn thể cán bộ")
    (hit,) = repository.complete(conn, "toan the", 5, on=TODAY)
    assert (hit.account_id, str(hit.address)) == (None, "canbo@lamdong.gov.vn")


def test_lists_are_in_vietnamese_order_and_without_the_system_box(
    conn: Connection, staff: dict[str, AccountId]
) -> None:
    people = repository.list_accounts(conn, kind=AccountKind.PERSONAL)
    assert [account.display_name for account in people] == [
        "Nguyễn Văn An",
        "Trần Thị An",
        "Lê Bình",
        "Ka Thị Hoa",
    ]
    assert all(account.kind is not AccountKind.SYSTEM for account in repository.list_accounts(conn))
    assert repository.list_accounts(conn, unit_ids=[]) == []


@pytest.mark.parametrize("name", ["", "localhost", "-x.vn", "a b.vn", "[192.0.2.1]", "x..vn"])
def test_a_domain_that_takes_no_mail_is_refused(conn: Connection, name: str) -> None:
    with pytest.raises(repository.DomainMalformed):
        repository.add_domain(conn, name, NOW, lambda _conn, _ids: None)


def test_a_domain_is_added_once_and_the_first_is_the_default(conn: Connection) -> None:
    with pytest.raises(repository.DomainExists):
        repository.add_domain(conn, "LamDong.gov.vn.", NOW, lambda _conn, _ids: None)
    repository.add_domain(conn, "binhthuan.gov.vn", NOW, lambda _conn, _ids: None)
    assert repository.default_domain(conn) == "lamdong.gov.vn"
    assert repository.local_domains(conn) == {"lamdong.gov.vn", "binhthuan.gov.vn"}

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.model import AccountKind, Branch, PostRole, Tier
from directory.provision import Sheet, read_accounts, read_units
from directory.provision.csv_rows import MAX_FILE, MAX_LINES
from directory.provision.faults import WORDING, Fault, Remark

UNIT_HEAD = "code,name,parent,tier,branch"
ACCOUNT_HEAD = "address,full_name,unit,kind,password"


def found(sheet: Sheet) -> list[tuple[int, str, str]]:
    return [(remark.line, remark.field, remark.fault.value) for remark in sheet.refused]


def units(*lines: str, head: str = UNIT_HEAD) -> Sheet:
    return read_units("\n".join((head, *lines)).encode())


def accounts(*lines: str, head: str = ACCOUNT_HEAD) -> Sheet:
    return read_accounts("\n".join((head, *lines)).encode())


def test_a_unit_file_with_all_its_columns_is_read() -> None:
    head = f"{UNIT_HEAD},short_name,place,identifier,headcount,valid_from,valid_to"
    (row,) = units(
        "DR,UBND huyện Đơn Dương,UB,district,state,donduong,Huyện Đơn Dương,H36.15,42,2004-01-01,01/07/2025",
        head=head,
    ).rows
    assert (row.code, row.parent, row.tier, row.branch) == ("DR", "UB", Tier.DISTRICT, Branch.STATE)
    assert row.identifier == ("qd20", "H36.15")
    assert row.headcount == 42
    assert (str(row.valid_from), str(row.valid_to)) == ("2004-01-01", "2025-07-01")


def test_an_account_file_is_read() -> None:
    sheet = accounts(
        "ANNV@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,Abc-12345,,head,Giám đốc,a1@x.vn; a2,079",
        ",Sở Y tế,SYT,unit,,,,,,",
        head="address,full_name,unit,kind,password,password_hash,role,title,aliases,identifier",
    )
    person, unit = sheet.rows
    assert str(person.address) == "annv@lamdong.gov.vn"
    assert person.role is PostRole.HEAD
    assert [alias.local for alias in person.aliases] == ["a1", "a2"]
    assert unit.address is None
    assert unit.kind is AccountKind.UNIT


def test_what_excel_saves_is_read() -> None:
    (row,) = read_units(
        b'\xef\xbb\xbfCode;Name;Parent;Tier;Branch\r\nA;"S\xe1\xbb\x9f; A";;province;state\r\n;;;;\r\n'
    ).rows
    assert row.name == "Sở; A"


def test_a_line_number_counts_lines_of_the_file_also_after_a_cell_with_a_line_break() -> None:
    assert found(units('A,"Sở\nA",,province,state', "B,Sở B,,province,nowhere")) == [
        (4, "branch", "bad_choice")
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (",Sở A,,province,state", ("code", "empty")),
        ("A,,,province,state", ("name", "empty")),
        ("A,Sở A,,tỉnh,state", ("tier", "bad_choice")),
        ("A,Sở A,,province,", ("branch", "empty")),
        ("=1+1,Sở A,,province,state", ("code", "formula")),
        ("A,@SUM(A1),,province,state", ("name", "formula")),
        ("A,-Sở A,,province,state", ("name", "formula")),
        ("A A,Sở A,,province,state", ("code", "bad_code")),
        ("A,Sở A,,province", ("", "wrong_cell_count")),
        ("A,Sở A,,province,state,more", ("", "wrong_cell_count")),
        (f"A,{'x' * 201},,province,state", ("name", "too_long")),
        ("A,Sở\x07A,,province,state", ("name", "control_character")),
        ("A,Sở\u202eA,,province,state", ("name", "control_character")),
        ('A,"Sở A,,province,state', ("", "not_csv")),
        (f"A,{'x' * 140_000},,province,state", ("", "not_csv")),
    ],
)
def test_a_bad_cell_is_named_by_line_and_field(line: str, fault: tuple[str, str]) -> None:
    assert found(units(line)) == [(2, *fault)]


@pytest.mark.parametrize(
    ("column", "cell", "fault"),
    [
        ("headcount", "mười", "bad_number"),
        ("headcount", "²", "bad_number"),
        ("valid_from", "2025-02-30", "bad_date"),
        ("valid_to", "31/02/2025", "bad_date"),
        ("identifier", "H36." + "1" * 32, "too_long"),
    ],
)
def test_a_bad_extra_cell_is_named(column: str, cell: str, fault: str) -> None:
    assert found(units(f"A,Sở A,,province,state,{cell}", head=f"{UNIT_HEAD},{column}")) == [
        (2, column, fault)
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("an nv@x.vn,An,A,personal,", ("address", "bad_address")),
        ("đặng@x.vn,An,A,personal,", ("address", "bad_address")),
        ("a+b@x.vn,An,A,personal,", ("address", "bad_address")),
        ("a..b@x.vn,An,A,personal,", ("address", "bad_address")),
        ("a@x.vn,,A,personal,", ("full_name", "empty")),
        ("a@x.vn,An,,personal,", ("unit", "empty")),
        ("a@x.vn,An,A,robot,", ("kind", "bad_choice")),
        ("a@x.vn,An,A,system,", ("kind", "bad_choice")),
        ("a@x.vn,An,A,unit,Abc-12345", ("password", "shared_password")),
        (f"a@x.vn,An,A,personal,{'x' * 1025}", ("password", "too_long")),
    ],
)
def test_a_bad_account_cell_is_named(line: str, fault: tuple[str, str]) -> None:
    assert found(accounts(line)) == [(2, *fault)]


def test_a_password_may_begin_with_any_sign() -> None:
    assert accounts("a@x.vn,An,A,personal,=1+1=Hai").rows[0].password == "=1+1=Hai"


def test_a_password_does_not_show_when_a_row_is_printed() -> None:
    assert "bímật" not in repr(accounts("a@x.vn,An,A,personal,bímật-123"))


def test_missing_and_repeated_columns_refuse_the_file() -> None:
    assert found(read_units(b"code,name,tier,branch\n")) == [(1, "parent", "missing_column")]
    assert found(read_units(b"code,name,parent,tier,branch,name\n")) == [(1, "name", "repeated_column")]


def test_unknown_columns_are_told_of_and_passed_over() -> None:
    sheet = units("A,Sở A,,province,state,x", head=f"{UNIT_HEAD},shortname")
    assert len(sheet.rows) == 1
    assert [(remark.field, remark.fault) for remark in sheet.warnings] == [
        ("shortname", Fault.IGNORED_COLUMN)
    ]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", (1, "", "empty_file")),
        (b"\xff\xfe", (1, "", "not_utf8")),
        (UNIT_HEAD.encode() + b"\nA,S\xf0\x9f,,province,state\n", (2, "", "not_utf8")),
        (UNIT_HEAD.encode() + b"\n", (1, "", "empty_file")),
        (b"x" * (MAX_FILE + 1), (1, "", "too_large")),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(data: bytes, fault: tuple[int, str, str]) -> None:
    assert found(read_units(data)) == [fault]


def test_a_file_of_endless_lines_is_read_no_further_than_its_limit() -> None:
    sheet = read_units((UNIT_HEAD + "\nA" * (MAX_LINES + 5)).encode())
    assert sheet.refused[-1].fault is Fault.TOO_MANY_LINES


@given(st.binary(max_size=400))
def test_any_octets_give_rows_or_remarks(data: bytes) -> None:
    for read in (read_units, read_accounts):
        sheet = read(data)
        assert sheet.rows or sheet.refused


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_fault_is_told_with_its_remedy_in_both_languages(fault: Fault, language: str) -> None:
    assert fault in WORDING
    remark = Remark(3, "unit", fault, {})
    assert remark.message(language)
    assert remark.remedy(language)

"""A province on 30 June 2025, of real size, and the reform of the next day as one spreadsheet; generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNTS = 6_041
COMMUNES, REMAINING, DISTRICTS, OFFICES = 140, 50, 12, 40


def unit_codes() -> list[str]:
    """The province's offices, twelve districts, 140 communes with three units under each."""
    return [line.split(",")[0] for line in _unit_lines()]


def units_csv() -> str:
    """The tree as `congvu unit import` takes it."""
    return "\n".join(("code,name,parent,tier,branch", *_unit_lines(), ""))


def _unit_lines() -> Iterator[str]:
    yield "UB,UBND tỉnh,,province,state"
    for number in range(OFFICES):
        yield f"S{number},Sở {number},UB,province,state"
    for number in range(DISTRICTS):
        yield f"H{number},UBND huyện {number},UB,district,state"
    for number in range(COMMUNES):
        yield f"X{number},UBND xã {number},H{number % DISTRICTS},commune,state"
    for number in range(COMMUNES):
        for part in range(3):
            yield f"X{number}.{part},Đơn vị {part} xã {number},X{number},commune,state"


def accounts_csv(password_hash: str) -> str:
    """A unit box each, a post box for each authority, and people up to 6,041 boxes; the first of each unit heads it."""
    codes = unit_codes()
    rows = [f"hop.{code.lower()},Hộp {code},{code},unit,,\n" for code in codes]
    rows += [f"ct.{code.lower()},Chủ tịch {code},{code},post,head,\n" for code in codes if "." not in code]
    people = ACCOUNTS - len(rows)
    rows += [
        f"p{number},Nguyễn Văn {number},{codes[number % len(codes)]},personal,"
        f'{"head" if number < len(codes) else ""},"{password_hash}"\n'
        for number in range(people)
    ]
    return "address,full_name,unit,kind,role,password_hash\n" + "".join(rows)


def readers() -> list[tuple[str, str]]:
    """(unit box, who uses it): one person each."""
    return [(f"hop.{code.lower()}", f"p{number}") for number, code in enumerate(unit_codes())]


def reform_csv() -> str:
    """Districts go, 140 communes become 50, which get new names."""
    head = "action,code,into,custodian,name"
    lines = [f"dissolve,H{number},UB,p0," for number in range(DISTRICTS)]
    lines += [f"merge,X{number},X{number % REMAINING},," for number in range(REMAINING, COMMUNES)]
    lines += [f"rename,X{number},,,UBND phường {number}" for number in range(REMAINING)]
    return "\n".join((head, *lines, ""))

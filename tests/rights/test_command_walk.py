"""Every command × everybody × every place, run against a server elsewhere: what the table does not allow never succeeds."""

import inspect
from functools import cache

import click
import pytest

from docs.reference import commands
from mailsvc.cli.remote import Remote
from mailsvc.cli.root import run
from tests.rights.test_api_walk import LOG, MANAGE, PROVINCE, RESET, SEE
from tests.rights.world import PLACES, WHO, World, betrayed

REMOTE: dict[str, tuple[set[str], str]] = {
    "account add-alias": (MANAGE, "{person} bidanh"),
    "account create": (MANAGE, "moi --unit {unit} --name Moi"),
    "account grant": (MANAGE, "{box} --to {other}"),
    "account import": (MANAGE, "{roster} --yes"),
    "account list": (SEE, "--unit {unit}"),
    "account lock": (MANAGE, "{person}"),
    "account remove-alias": (set(), "{person} bidanh"),
    "account revoke": (set(), "{box} --from {other}"),
    "account set-password": (RESET, "{person}"),
    "account show": (SEE, "{person}"),
    "account transfer": (set(), "{person} --unit {unit}"),  # to where they are
    "account unlock": (MANAGE, "{person}"),
    "admin grant": (PROVINCE, "{person} --unit {unit} --role unit"),
    "admin list": (SEE, ""),
    "admin revoke": (set(), "{person} --unit {unit} --role unit"),
    "admin whoami": (SEE, ""),
    "audit list": (LOG, ""),
    "audit verify": (LOG, ""),
    "calendar show": (SEE, "2026"),
    "group list": (SEE, ""),
    "slip list": (SEE, ""),
    "letter find": (PROVINCE, "--words khong-co"),
    "letter reports": (PROVINCE, ""),
    "letter restore-withdrawn": (set(), "999"),
    "letter withdraw": (set(), "999 --reason gia-mao-kho-bac --yes"),
    "letter withdrawn": (PROVINCE, ""),
    "reading approve": (set(), "999"),
    "reading end": (set(), "999"),
    "reading list": (SEE, ""),
    "reading request": (
        MANAGE | LOG,
        "{person} --reader {other} --reason theo-quyet-dinh-so-12 --until 2026-12-01",
    ),
    "credential list": (RESET, "{person}"),
    "credential password-by": (MANAGE, "{person} local"),
    "credential reset-factors": (RESET, "{person}"),
    "credential revoke": (RESET, "{person} --everything"),
    "person away": (MANAGE, "{person} --yes"),
    "person dismiss": (MANAGE, "{person} --yes"),
    "person end-post": (set(), "{person} --unit {unit} --yes"),  # the primary one
    "person join": (MANAGE, "--name Moi --unit {unit} --yes"),
    "person leave": (MANAGE, "{person} --yes"),
    "person retire": (MANAGE, "{person} --on 2990-01-01 --yes"),
    "person return": (set(), "{person} --unit {unit} --yes"),  # they have not left
    "person second-post": (MANAGE, "{person} --unit {unit} --role deputy --yes"),
    "person show": (SEE, "{person}"),
    "person transfer": (MANAGE, "{person} --unit {unit} --title Khac --yes"),
    "plan apply": (MANAGE, "{waiting}"),
    "plan export": (SEE, "{waiting} --xlsx {fresh}"),
    "plan list": (SEE, ""),
    "plan make": (MANAGE, "{roster}"),
    "plan show": (SEE, "{waiting}"),
    "plan undo": (MANAGE, "{applied}"),
    "policy end": (set(), "password --branch {branch}"),  # none is set
    "policy list": (SEE, ""),
    "policy preview": (SEE, ""),
    "policy set": (PROVINCE, "password min_length=14 --branch {branch}"),
    "policy show": (SEE, "{person}"),
    "statistics adoption": (SEE, "--under {unit}"),
    "statistics ranking": (SEE, "activated --under {unit}"),
    "domain list": (SEE, ""),
    "template list": (SEE, ""),
    "template show": (SEE, "commune"),
    "unit coverage": (SEE, ""),
    "unit create": (PROVINCE, "MOI --name Moi --parent {unit} --tier province --branch {branch}"),
    "unit import": (PROVINCE, "{units} --yes"),
    "unit dissolve": (set(), "{unit} --custodian nobody --yes"),
    "unit list": (SEE, ""),
    "unit merge": (set(), "{unit} --into {unit} --yes"),
    "unit move": (set(), "{unit} --under {unit} --yes"),
    "unit remove": (set(), "{unit}"),
    "unit rename": (PROVINCE, "{unit} --name Khac --yes"),
    "unit reorganise": (PROVINCE, "{acts} --yes"),
    "unit split": (set(), "{unit} --into {unit} --yes"),
    "unit show": (SEE, "{unit}"),
}
"""Commands that go to a server elsewhere; each has a line here or below."""

NO_INSTALLATION = frozenset({"init", "upgrade", "restore", "serve", "demo walk", "demo roster"})
"""They make, start or describe an installation, whose place `--data` names; none touches anybody's directory."""
BETTER_WORDS = {
    "letter recover": "an --hours 1",
    "calendar import": "{roster}",
    "domain add": "khac.example",
}
"""Where words made up from the types alone are refused before anything else."""


@cache
def leaves() -> dict[str, click.Command]:
    return {words.removeprefix("congvu "): command for words, command, _ in commands()}


@pytest.fixture
def elsewhere(world: World, monkeypatch, capsys, tmp_path):
    """Run a command as somebody; the request goes through the whole of the API without a socket."""

    def ask(remote: Remote, method: str, path: str, body: bytes, headers: dict[str, str]):
        client = world.app.test_client(use_cookies=False)
        sent = {name: value for name, value in headers.items() if name != "Authorization"}
        answer = client.open(path, method=method, data=body, headers={**sent, **world.headers(remote._token)})
        return answer.status_code, answer.get_data()

    monkeypatch.setattr(Remote, "_ask", ask)
    monkeypatch.setenv("CONGVU_LOCALE", "en")
    token = tmp_path / "token"

    def runs(who: str, *words: str) -> tuple[int, str]:
        token.write_text(who)  # `ask` puts the real one in its place
        token.chmod(0o600)
        code = run(["--server", "https://here", "--token-file", str(token), *words])
        out, err = capsys.readouterr()
        return code, out + err

    return runs


def words_for(world: World, text: str, place, tmp_path) -> list[str]:
    roster = tmp_path / f"{place.name}.csv"
    roster.write_text(f"address,full_name,unit,kind\n,Vũ Văn Mới,{place.unit},personal\n", encoding="utf-8")
    values = {"person": place.person, "other": place.other, "box": place.box, "unit": place.unit}
    values |= {"waiting": world.waiting[place.name], "applied": world.applied[place.name]}
    branch = "party" if place.name == "party" else "state"
    units = tmp_path / f"{place.name}-units.csv"
    units.write_text(
        f"code,name,parent,tier,branch\nMOI,Moi,{place.unit},province,{branch}\n", encoding="utf-8"
    )
    acts = tmp_path / f"{place.name}-acts.csv"
    acts.write_text(f"action,code,name\nrename,{place.unit},Ten khac\n", encoding="utf-8")
    values |= {"branch": branch, "units": units, "acts": acts}
    fresh = tmp_path / f"{len(list(tmp_path.iterdir()))}.xlsx"
    return text.format(**values, roster=roster, folder=tmp_path, fresh=fresh).split()


def made_up(command: click.Command, roster: str) -> list[str]:
    """Words that fit the command's own declaration, for everything that it must be given."""
    words: list[str] = []
    for parameter in command.params:
        if not parameter.required:
            continue
        kind = parameter.type
        if isinstance(kind, click.Path):
            word = roster
        elif isinstance(kind, click.Choice):
            word = str(kind.choices[0])
        elif isinstance(kind, click.DateTime):
            word = "2026-12-01"
        elif isinstance(kind, click.types.IntParamType):
            word = "1"
        else:
            word = "an" if "date" not in str(parameter.name) else "2026-12-01"
        words += [parameter.opts[0], word] if isinstance(parameter, click.Option) else [word]
    return words


@pytest.mark.parametrize("command", sorted(REMOTE))
def test_nobody_succeeds_where_the_table_does_not_allow_it(
    world: World, elsewhere, tmp_path, command: str
) -> None:
    allowed, text = REMOTE[command]
    for who in WHO:
        for place in PLACES if "{" in text else PLACES[:1]:
            words = words_for(world, text, place, tmp_path)
            code, told = elsewhere(who, *command.split(), *words)
            here = who in place.administered_by or "{" not in text
            assert (code == 0) is (who in allowed and here), (who, place.name, told)
            for given in words:
                told = told.replace(given, "")
            assert not betrayed(told, who), (who, place.name, told)


@pytest.mark.parametrize("command", sorted(leaves().keys() - REMOTE.keys() - NO_INSTALLATION))
def test_every_other_command_needs_the_machine(world: World, elsewhere, tmp_path, command: str) -> None:
    """A new command cannot be forgotten: it has a line above, or it does nothing elsewhere."""
    roster = tmp_path / "roster.csv"
    roster.write_text("address,full_name,unit,kind\n,Vũ Văn Mới,SYT,personal\n", encoding="utf-8")
    better = BETTER_WORDS.get(command, "").format(roster=roster).split()
    code, told = elsewhere("province", *command.split(), *(better or made_up(leaves()[command], str(roster))))
    assert code != 0, told
    if "on the server itself" not in told:  # the made-up words did not fit: then at least it is no act
        assert "perform(" not in inspect.getsource(inspect.unwrap(leaves()[command].callback))


def test_every_line_is_a_command() -> None:
    assert {*REMOTE, *NO_INSTALLATION, *BETTER_WORDS} <= leaves().keys()

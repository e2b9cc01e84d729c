"""Keys are made, published, taken into use and retired in steps that lose no signature."""

import stat

from tests.mailsvc.cli.conftest import Congvu

DOMAIN = "lamdong.gov.vn"


def states(congvu: Congvu) -> list[str]:
    return [key["state"] for key in congvu("dkim", "show", DOMAIN, "--json").json]


def test_a_pair_of_keys_comes_with_its_ready_records(congvu: Congvu, tmp_path) -> None:
    made = congvu("dkim", "make", DOMAIN, "--json").json
    assert [key["algorithm"] for key in made] == ["rsa-sha256", "ed25519-sha256"]
    long = made[0]["zone_line"]
    assert long.startswith(f'{made[0]["selector"]}._domainkey.{DOMAIN}. IN TXT ( "v=DKIM1; k=rsa; p=')
    assert all(len(piece) <= 255 for piece in long.split('"')[1::2])
    assert len(long.split('"')) > 4  # RFC 6376 §3.6.2.2: a string holds 255 octets
    files = [path for path in (tmp_path / "data" / "dkim").rglob("*") if path.is_file()]
    assert len(files) == 3
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert congvu("dkim", "make", DOMAIN).code == 1


def test_keys_are_replaced_with_an_overlap(congvu: Congvu) -> None:
    assert congvu("dkim", "rotate", DOMAIN).code == 1
    congvu("dkim", "make", DOMAIN)
    assert congvu("dkim", "rotate", DOMAIN).code == 0
    assert states(congvu) == ["active", "active", "next", "next"]
    assert congvu("dkim", "rotate", DOMAIN).code == 1
    assert congvu("dkim", "rotate", DOMAIN, "--switch", "--force").code == 0
    assert states(congvu) == ["retiring", "retiring", "active", "active"]
    old, new = (congvu("dkim", "show", DOMAIN, "--json").json[at]["selector"] for at in (0, 2))
    assert congvu("dkim", "retire", DOMAIN, new).code == 1
    assert congvu("dkim", "retire", DOMAIN, old).code == 1  # letters that it signed may be under way
    assert congvu("dkim", "retire", DOMAIN, old, "--now").code == 0
    assert states(congvu) == ["retiring", "active", "active"]
    assert congvu("audit", "list", "--json").out.count("dkim.") >= 4


def test_names_that_are_not_ours_are_refused(congvu: Congvu) -> None:
    for words in (("make", "elsewhere.vn"), ("show", "../x"), ("retire", DOMAIN, "../../etc")):
        ran = congvu("dkim", *words)
        assert ran.code == 1
        assert "See: congvu" in ran.err


def test_the_records_of_a_domain_hold_its_keys(congvu: Congvu) -> None:
    assert f"congvu dkim make {DOMAIN}" in congvu("domain", "records", DOMAIN).out
    selectors = [key["selector"] for key in congvu("dkim", "make", DOMAIN, "--json").json]
    shown = {
        record["name"]: record["value"]
        for record in congvu("domain", "records", DOMAIN, "--json").json["records"]
    }
    for selector in selectors:
        assert shown[f"{selector}._domainkey.{DOMAIN}"].startswith('"v=DKIM1; k=')
    assert not any("…" in value for value in shown.values())

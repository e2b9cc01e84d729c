"""The author's domain is asked where RFC 9989 says, and a stranger's pass is not its own."""

import pytest

from mailsvc.sender_auth.dkim import DkimResult, DkimVerdict
from mailsvc.sender_auth.dmarc import DmarcResult, DmarcVerdict, Policy, evaluate, organizational_domain
from mailsvc.sender_auth.spf import Verdict
from tests.mailsvc.sender_auth.zone import Zone


def zone(**records: str) -> Zone:
    """Policies by domain, with `_` for the dots."""
    return Zone({"_dmarc." + name.replace("_", "."): [{"TXT": text}] for name, text in records.items()})


async def judged(
    resolver: Zone,
    author: str = "example.vn",
    *,
    spf: tuple[Verdict, str] = (Verdict.NONE, ""),
    dkim: tuple[DkimVerdict, str] | None = None,
) -> DmarcResult:
    signatures = [] if dkim is None else [DkimResult(dkim[0], domain=dkim[1])]
    return await evaluate(author, spf=spf[0], spf_domain=spf[1], dkim=signatures, resolver=resolver)


@pytest.mark.parametrize(
    ("record", "spf_domain", "aligned"),
    [
        ("v=DMARC1; p=reject", "example.vn", True),
        ("v=DMARC1; p=reject", "EXAMPLE.vn.", True),
        ("v=DMARC1; p=reject", "bounce.example.vn", True),
        ("v=DMARC1; p=reject; aspf=s", "bounce.example.vn", False),
        ("v=DMARC1; p=reject; aspf=s", "example.vn", True),
        ("v=DMARC1; p=reject", "other.vn", False),
        ("v=DMARC1; p=reject", "notexample.vn", False),
        ("v=DMARC1; p=reject", "", False),
    ],
)
async def test_spf_counts_for_a_domain_of_the_authors(record: str, spf_domain: str, aligned: bool) -> None:
    got = await judged(zone(example_vn=record), spf=(Verdict.PASS, spf_domain))
    assert got.spf_aligned is aligned
    assert got.result is (DmarcVerdict.PASS if aligned else DmarcVerdict.FAIL)
    assert got.disposition is (Policy.NONE if aligned else Policy.REJECT)


@pytest.mark.parametrize(
    ("verdict", "domain", "result"),
    [
        (DkimVerdict.PASS, "mail.example.vn", DmarcVerdict.PASS),
        (DkimVerdict.FAIL, "example.vn", DmarcVerdict.FAIL),
        (DkimVerdict.POLICY, "example.vn", DmarcVerdict.FAIL),
        (DkimVerdict.TEMPERROR, "example.vn", DmarcVerdict.TEMPERROR),
        (DkimVerdict.TEMPERROR, "forger.com", DmarcVerdict.FAIL),
        (DkimVerdict.PASS, "forger.com", DmarcVerdict.FAIL),
    ],
)
async def test_dkim_counts_for_a_domain_of_the_authors(
    verdict: DkimVerdict, domain: str, result: DmarcVerdict
) -> None:
    got = await judged(zone(example_vn="v=DMARC1; p=reject"), dkim=(verdict, domain))
    assert got.result is result


async def test_two_organisations_below_one_public_suffix_are_two() -> None:
    resolver = zone(
        gov_vn="v=DMARC1; p=reject; psd=y", a_gov_vn="v=DMARC1; p=none", b_gov_vn="v=DMARC1; p=none"
    )
    got = await judged(resolver, "x.a.gov.vn", spf=(Verdict.PASS, "b.gov.vn"))
    assert (got.result, got.policy_domain) == (DmarcVerdict.FAIL, "a.gov.vn")
    got = await judged(resolver, "x.a.gov.vn", spf=(Verdict.PASS, "y.a.gov.vn"))
    assert got.result is DmarcVerdict.PASS


async def test_a_public_suffix_speaks_for_those_that_say_nothing() -> None:
    resolver = zone(gov_vn="v=DMARC1; p=reject; sp=quarantine; np=reject; psd=y")
    resolver.records = {**resolver.records, "c.gov.vn": [{"A": "192.0.2.1"}]}
    assert (await judged(resolver, "c.gov.vn")).disposition is Policy.QUARANTINE
    assert (await judged(resolver, "missing.gov.vn")).disposition is Policy.REJECT


async def test_psd_n_cuts_an_organisation_out() -> None:
    resolver = zone(example_vn="v=DMARC1; p=reject", own_example_vn="v=DMARC1; psd=n")
    assert await organizational_domain("x.own.example.vn", resolver) == "own.example.vn"
    assert await organizational_domain("x.example.vn", resolver) == "example.vn"
    assert await organizational_domain("nobody.com", resolver) == "nobody.com"


async def test_a_long_name_costs_eight_look_ups() -> None:
    resolver = zone()
    await organizational_domain("a.b.c.d.e.f.g.h.i.j.mail.example.com", resolver)
    assert [name for name, _ in resolver.asked] == [
        "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "_dmarc.g.h.i.j.mail.example.com",
        "_dmarc.h.i.j.mail.example.com",
        "_dmarc.i.j.mail.example.com",
        "_dmarc.j.mail.example.com",
        "_dmarc.mail.example.com",
        "_dmarc.example.com",
        "_dmarc.com",
    ]


@pytest.mark.parametrize(
    ("record", "disposition"),
    [
        ("v=DMARC1; p=reject; t=y", Policy.QUARANTINE),
        ("v=DMARC1; p=quarantine; t=y", Policy.NONE),
        ("v=DMARC1 ; P = Reject ;; x", Policy.REJECT),
        ("v=DMARC1; p=odd; rua=mailto:r@example.vn", Policy.NONE),
        ("v=DMARC1", Policy.NONE),
    ],
)
async def test_the_record_says_what_is_done(record: str, disposition: Policy) -> None:
    got = await judged(zone(example_vn=record))
    assert (got.result, got.disposition) == (DmarcVerdict.FAIL, disposition)


@pytest.mark.parametrize(
    "record",
    ["v=DMARC2; p=reject", "p=reject; v=DMARC1", "v=DMARC1; p=odd", "v=dmarc1; p=reject"],
)
async def test_what_is_no_policy_asks_nothing(record: str) -> None:
    assert (await judged(zone(example_vn=record))).result is DmarcVerdict.NONE


async def test_two_policies_are_none() -> None:
    resolver = Zone({"_dmarc.example.vn": [{"TXT": "v=DMARC1; p=reject"}, {"TXT": "v=DMARC1; p=none"}]})
    assert (await judged(resolver)).result is DmarcVerdict.NONE


async def test_dns_trouble_is_temporary() -> None:
    got = await judged(Zone({"_dmarc.example.vn": ["TIMEOUT"]}), spf=(Verdict.PASS, "example.vn"))
    assert (got.result, got.disposition) == (DmarcVerdict.TEMPERROR, Policy.NONE)


async def test_reports_go_where_the_record_says() -> None:
    record = "v=DMARC1; p=none; rua=mailto:a@example.vn, https://x, mailto:b@c.vn!10m"
    assert (await judged(zone(example_vn=record))).report_to == ("mailto:a@example.vn", "mailto:b@c.vn!10m")


@pytest.mark.parametrize("author", ["", ".", "a..b", "x" * 300 + ".vn", "[192.0.2.1"])
async def test_an_author_without_a_domain_does_not_pass(author: str) -> None:
    got = await judged(zone(), author, spf=(Verdict.PASS, author))
    assert got.result is not DmarcVerdict.PASS

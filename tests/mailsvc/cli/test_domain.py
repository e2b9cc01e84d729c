from tests.mailsvc.cli.conftest import Congvu


def test_a_new_domain_prints_the_records_to_publish(congvu: Congvu) -> None:
    ran = congvu("domain", "add", "binhthuan.gov.vn")
    assert ran.code == 0
    for record in (
        "MX 10 mail.lamdong.gov.vn.",
        "v=spf1",
        "_dmarc.binhthuan.gov.vn.",
        "autoconfig.",
        "_domainkey.",
    ):
        assert record in ran.out
    shown = congvu("domain", "records", "binhthuan.gov.vn", "--json").json
    assert {record["type"] for record in shown["records"]} == {"MX", "TXT", "CNAME", "SRV"}
    assert [item["domain"] for item in congvu("domain", "list", "--json").json] == [
        "lamdong.gov.vn",
        "binhthuan.gov.vn",
    ]


def test_postmaster_of_a_new_domain_answers(congvu: Congvu) -> None:
    congvu("domain", "add", "binhthuan.gov.vn")
    assert congvu("account", "show", "abuse@binhthuan.gov.vn", "--json").json["kind"] == "system"


def test_a_domain_twice_or_malformed_is_refused(congvu: Congvu) -> None:
    assert congvu("domain", "add", "LAMDONG.gov.vn").code == 1
    assert congvu("domain", "add", "không phải", "--json").code == 1
    assert congvu("domain", "records", "khac.vn").code == 1

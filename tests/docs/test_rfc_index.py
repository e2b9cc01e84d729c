"""docs/rfc-index.md and the code say the same."""

from docs.rfc_index import INDEX, citations, collect, indexed


def test_every_cited_section_stands_in_the_index_with_its_files() -> None:
    index = indexed(INDEX.read_text(encoding="utf-8"))
    cited = {citation: files for citation, (_, files) in collect().items()}
    missing = {
        citation: files for citation, files in cited.items() if not files <= index.get(citation, set())
    }
    assert not missing, "make build"


def test_every_index_entry_is_still_cited() -> None:
    cited = {citation: files for citation, (_, files) in collect().items()}
    index = indexed(INDEX.read_text(encoding="utf-8"))
    stale = {citation for citation, files in index.items() if not files <= cited.get(citation, set())}
    assert not stale, "make build"


def test_a_citation_may_name_several_sections() -> None:
    assert citations("as RFC 5321 §4.1.4, §4.5.5 and §7 say") == [
        ((5321, "4.1.4"), "kept"),
        ((5321, "4.5.5"), "kept"),
        ((5321, "7"), "kept"),
    ]


def test_a_departure_is_a_status() -> None:
    assert citations("RFC 5321 §2.3.8, stricter: bare LF is refused") == [((5321, "2.3.8"), "stricter")]


def test_what_is_not_served_yet_says_so() -> None:
    assert citations("ManageSieve (RFC 5804); not served yet") == [((5804, "(whole)"), "not yet")]


def test_a_citation_may_run_over_a_line() -> None:
    assert citations("# the mark (RFC 9051\n    # §6.4.4).") == [((9051, "6.4.4"), "kept")]


def test_a_document_without_section_is_cited_whole() -> None:
    assert citations("ManageSieve (RFC 5804)") == [((5804, "(whole)"), "kept")]

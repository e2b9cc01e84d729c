"""The document describes exactly the routes that there are."""

from mailsvc.services.administration.catalogue import ACTS, BY_NAME
from tests.webmail.api.conftest import Program
from webmail.api.app import DESCRIPTION, create_api, rule_of
from webmail.api.openapi import document


def test_every_route_is_an_act_and_every_act_a_route(province) -> None:
    from mailsvc.services.administration.office import Office

    rules = create_api(Office(province.store, province.settings)).url_map.iter_rules()
    routes = {(rule.endpoint, rule.rule, *sorted(rule.methods - {"HEAD", "OPTIONS"})) for rule in rules}
    assert routes - {(DESCRIPTION, "/openapi.json", "GET")} == {
        (act.name, rule_of(act), act.method) for act in ACTS
    }
    assert len(BY_NAME) == len(ACTS)


def test_the_document_is_served_without_a_token_and_has_every_act(app) -> None:
    served = Program(app)("GET", "/openapi.json").json
    assert served == document()
    operations = [operation for path in served["paths"].values() for operation in path.values()]
    assert {operation["operationId"] for operation in operations} == set(BY_NAME)
    assert served["openapi"] == "3.1.0"


def test_every_reference_in_the_document_leads_somewhere() -> None:
    described = document()
    names = set(described["components"]["schemas"])

    def references(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    assert {reference.rpartition("/")[2] for reference in references(described)} <= names
    assert all(reference.startswith("#/components/schemas/") for reference in references(described))

"""Every page and form of the web × everybody, asked for what is somebody else's: nothing is told, nothing is changed."""

import re

import pytest

from tests.rights.world import DOMAIN, PLACES, WHO, World
from webmail.console.acting import OFFERED

SECRET = "Chuyen rieng cua nguoi khac"
FOR_ALL_COLLEAGUES = frozenset({"compose.complete"})
"""The address book: everybody finds everybody's name and address."""
WITHOUT_SIGNING_IN = frozenset(
    {
        "gate.front",
        "gate.sign_in",
        "gate.sign_out",
        "gate.language",
        "static_file",
        "provider.depart",
        "provider.arrive",
        "second_step.second",
        "second_step.answer",
        "second_step.by_passkey",
        "second_step.options",
    }
)
"""What the pages answer to strangers: the door itself."""
ENDS_THE_SESSION = frozenset({"gate.sign_out", "security.sign_out_everywhere", "security.end_sessions"})
"""Not asked here, for the others go on with the same browser."""
PARAMETERS = {
    "mailbox_id": lambda world, place: world.inboxes[place.name],
    "uid": lambda _, __: 1,
    "section": lambda _, __: "1",
    "plan_id": lambda world, place: world.waiting[place.name],
    "address": lambda _, place: f"{place.person}@{DOMAIN}",
    "app_password_id": lambda world, place: world.province.ids[place.person],
    "factor_id": lambda world, place: world.province.ids[place.person],
    "token_id": lambda world, place: world.province.ids[place.person],
    "purpose": lambda _, __: "use",
}
"""What each part of a path is filled with: something of the place. A new one needs a line here."""


def form_for(world: World, place) -> dict[str, str]:
    """Every field that some form has, each naming something of the place."""
    person, inbox = f"{place.person}@{DOMAIN}", str(world.inboxes[place.name])
    return {
        "address": person,
        "person": f"{place.other}@{DOMAIN}",
        "unit": place.unit,
        "role": "unit",
        "alias": "bidanh",
        "name": "Vũ Văn Mới",
        "plan_id": str(world.waiting[place.name]),
        "mailbox": inbox,
        "mailbox_id": inbox,
        "uids": f"{inbox}-1",
        "keys": f"{inbox}-1",
        "letter": f"{inbox}-1",
        "box": str(world.province.ids[place.person]),
        "from": str(world.province.ids[place.person]),
        "account": str(world.province.ids[place.person]),
        "folder_name": "Mới",
        "act": "delete",
        "to": person,
        "target": inbox,
        "text": "x",
        "subject": "x",
    }


def rules(world: World):
    return sorted(
        (rule for rule in world.app.url_map.iter_rules() if rule.endpoint not in ENDS_THE_SESSION),
        key=lambda rule: rule.rule,
    )


def paths(world: World, rule, place) -> list[str]:
    """The route's path for a place; the console's one door of forms once for every act."""
    if rule.endpoint == "static_file":
        return ["/static/none"]
    if rule.endpoint == "console.act":
        return [f"/quan-tri/viec/{name}" for name in OFFERED]
    values = {name: PARAMETERS[name](world, place) for name in rule.arguments}
    return [world.app.url_map.bind("").build(rule.endpoint, values)]


def asked(world: World, who: str, path: str, method: str, place):
    reader = world.readers[who]
    if method == "GET":
        query = {
            "unit": place.unit,
            "box": world.province.ids[place.person],
            "q": "rieng",
            "about": place.unit,
        }
        return reader.client.get(path, query_string=query if "?" not in path else None)
    fields = form_for(world, place)
    if path.startswith("/quan-tri/viec/"):
        act = OFFERED[path.rpartition("/")[2]]
        fields = {name: value for name, value in fields.items() if name in {*act.in_path, *act.beside_path}}
    return reader.post(path, fields)


def test_every_part_of_a_path_can_be_filled(world: World) -> None:
    """A new route cannot be forgotten."""
    named = {name for rule in rules(world) for name in rule.arguments}
    assert named - PARAMETERS.keys() <= {"name"}


@pytest.mark.parametrize("who", WHO)
def test_nothing_of_another_is_told_or_changed(world: World, who: str) -> None:
    for place in PLACES:
        foreign_here = who not in place.administered_by
        for rule in rules(world):
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                for path in paths(world, rule, place):
                    world.touched.clear()
                    answer = asked(world, who, path, method, place)
                    where = (who, place.name, method, path, answer.status_code)
                    told = answer.get_data().decode(errors="replace")
                    assert answer.status_code < 500, where
                    assert SECRET not in told, where
                    if who == "none" and rule.endpoint not in WITHOUT_SIGNING_IN:
                        assert answer.status_code in {302, 303, 401, 403, 404}, where
                    if foreign_here:
                        assert place.name not in world.touched, where
                        if rule.endpoint not in FOR_ALL_COLLEAGUES:
                            assert not re.search(rf"\b({place.other}|{place.box})@", told), where
                    elif rule.endpoint.partition(".")[0] != "console":
                        assert place.name not in world.touched, where


def test_the_owner_of_the_letter_reads_it(world: World) -> None:
    """Else the walk would prove nothing."""
    page = world.readers["owner"].client.get(f"/mail/{world.inboxes['inside']}/1")
    assert SECRET in page.get_data(as_text=True)

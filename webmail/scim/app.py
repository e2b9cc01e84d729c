"""The routes of SCIM: resources, lists, versions; every change goes through an act of the catalogue."""

from __future__ import annotations

import hashlib
import traceback
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, g, json, request
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from mailsvc.model.errors import StoreUnavailable
from mailsvc.services.administration import groups as group_acts
from mailsvc.services.administration import lives, people, units
from mailsvc.services.administration.act import Act, perform
from mailsvc.services.administration.office import TokenScope
from mailsvc.services.administration.refusal import ActRefused
from webmail.api import bearer
from webmail.api.app import harden
from webmail.scim import groups, schemas, users
from webmail.scim.asking import Asked, of_query, of_search
from webmail.scim.errors import MEDIA_TYPE, ScimError, answer, error, of_refusal, of_status
from webmail.scim.filters import Compare, Filter, fits
from webmail.scim.patch import patched
from webmail.scim.projection import projected

if TYPE_CHECKING:
    from mailsvc.services.administration.office import Office

log = get_logger("scim")
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
MAX_BODY: Final = 1024 * 1024
Resource = dict[str, Any]


def create_scim(office: Office, public_url: str = "") -> Flask:
    """SCIM over one installation; mounted at /scim/v2."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    doors = _Doors(office, public_url)
    for rule, method, view in doors.routes():
        app.add_url_rule(rule, f"{method.lower()} {rule}", view, methods=[method])
    app.before_request(doors.let_in)
    app.after_request(harden)
    app.register_error_handler(ScimError, lambda why: error(why.status, why.detail, why.scim_type))
    app.register_error_handler(ActRefused, of_refusal)
    app.register_error_handler(StoreUnavailable, lambda _: error(503, "The store takes no change now."))
    app.register_error_handler(HTTPException, lambda why: of_status(why.code or 500))
    app.register_error_handler(Exception, _went_wrong)
    return app


def _went_wrong(why: Exception) -> Response:
    # The frames only: their variables may hold passwords.
    log.error("scim_failed", error=type(why).__name__, where=traceback.format_tb(why.__traceback__))
    return error(500, "Something failed; the server's log has it.")


class _Doors:
    """The views, over one office."""

    def __init__(self, office: Office, public_url: str) -> None:
        self._office = office
        self._public_url = public_url.rstrip("/")

    def routes(self) -> list[tuple[str, str, Any]]:
        """Every route: rule, method, view."""
        return [
            ("/ServiceProviderConfig", "GET", lambda: answer(schemas.CONFIG)),
            ("/ResourceTypes", "GET", lambda: _listed(schemas.RESOURCE_TYPES)),
            ("/ResourceTypes/<name>", "GET", lambda name: _one_of(schemas.RESOURCE_TYPES, name)),
            ("/Schemas", "GET", lambda: _listed(self._schemas())),
            ("/Schemas/<name>", "GET", lambda name: _one_of(self._schemas(), name)),
            (
                "/.search",
                "POST",
                lambda: self._page([*self._people(None), *self._fixed()], of_search(_body())),
            ),
            ("/Users/.search", "POST", lambda: self._users(of_search(_body()))),
            ("/Groups/.search", "POST", lambda: self._page(self._fixed(), of_search(_body()))),
            ("/Users", "GET", lambda: self._users(of_query())),
            ("/Users", "POST", self.create_user),
            ("/Users/<int:number>", "GET", lambda number: self._versioned(self._user(number))),
            ("/Users/<int:number>", "PUT", self.put_user),
            ("/Users/<int:number>", "PATCH", self.patch_user),
            ("/Users/<int:number>", "DELETE", self.delete_user),
            ("/Groups", "GET", lambda: self._page(self._fixed(), of_query())),
            ("/Groups", "POST", self.create_group),
            ("/Groups/<int:number>", "GET", lambda number: self._versioned(self._group(number))),
            ("/Groups/<int:number>", "PUT", self.put_group),
            ("/Groups/<int:number>", "PATCH", self.patch_group),
            ("/Groups/<int:number>", "DELETE", self.delete_group),
        ]

    def let_in(self) -> Response | None:
        """Nobody passes without a token that was given for SCIM."""
        g.caller = bearer.caller(self._office, TokenScope.SCIM)
        if g.caller is not None:
            return None
        refused = error(401, "A valid personal token for SCIM is needed.")
        refused.headers["WWW-Authenticate"] = bearer.challenge()
        return refused

    def _do(self, act: Act[Any, Any], asked: Any) -> Any:
        return perform(self._office.desk(g.caller), act, asked)

    @property
    def _base(self) -> str:
        return f"{self._public_url or request.host_url.rstrip('/')}/scim/v2"

    def _schemas(self) -> list[Resource]:
        codes = [unit.code for unit in self._units()]
        return [schemas.user_schema(), schemas.enterprise_schema(codes), schemas.group_schema()]

    def _units(self) -> list[units.UnitLine]:
        found: list[units.UnitLine] = self._do(units.LIST, units.ListUnits()).units
        return found

    # -- users

    def _users(self, asked: Asked) -> Response:
        return self._page(self._people(asked.wanted), asked)

    def _people(self, wanted: Filter | None) -> list[Resource]:
        """Everybody in the scope; an address or external id that is asked for is looked up directly."""
        asked = people.ListPeople()
        if isinstance(wanted, Compare) and wanted.operator == "eq" and isinstance(wanted.value, str):
            if wanted.path.lower() == "username" and wanted.value:
                asked = people.ListPeople(address=wanted.value[:320])
            elif wanted.path.lower() == "externalid" and wanted.value:
                asked = people.ListPeople(external_id=wanted.value[:255])
        return [users.shown(record, self._base) for record in self._do(people.LIST, asked)]

    def create_user(self) -> Response:
        """RFC 7644 §3.3."""
        body = _body()
        home = next((unit.code for unit in self._units() if not unit.parent), "")
        return self._made(users.shown(users.create(self._do, body, home), self._base))

    def put_user(self, number: int) -> Response:
        """RFC 7644 §3.5.1."""
        before = self._record(number)
        self._check_version(users.shown(before, self._base))
        return self._versioned(users.shown(users.change(self._do, before, _body()), self._base))

    def patch_user(self, number: int) -> Response:
        """RFC 7644 §3.5.2."""
        before = self._record(number)
        representation = users.shown(before, self._base)
        self._check_version(representation)
        body = patched(representation, _body())
        return self._versioned(users.shown(users.change(self._do, before, body), self._base))

    def delete_user(self, number: int) -> Response:
        """The person leaves today: rights end, the box is kept for a time; then nobody of this id is there (§3.6)."""
        before = self._record(number)
        self._check_version(users.shown(before, self._base))
        self._do(lives.LEAVE, lives.Leave(before.address))
        return Response(status=204)

    def _record(self, number: int) -> people.PersonRecord:
        found: people.PersonRecord = self._do(people.SHOW, people.OnePerson(number))
        return found

    def _user(self, number: int) -> Resource:
        return users.shown(self._record(number), self._base)

    # -- groups

    def _fixed(self) -> list[Resource]:
        """Groups of units in the scope."""
        found = self._do(group_acts.LIST, group_acts.Nothing())
        return [groups.shown(record, self._base) for record in found]

    def create_group(self) -> Response:
        """RFC 7644 §3.3."""
        return self._made(groups.shown(groups.create(self._do, _body()), self._base))

    def put_group(self, number: int) -> Response:
        """RFC 7644 §3.5.1."""
        before = self._group_record(number)
        self._check_version(groups.shown(before, self._base))
        return self._versioned(groups.shown(groups.change(self._do, before, _body()), self._base))

    def patch_group(self, number: int) -> Response:
        """RFC 7644 §3.5.2."""
        before = self._group_record(number)
        representation = groups.shown(before, self._base)
        self._check_version(representation)
        body = patched(representation, _body())
        return self._versioned(groups.shown(groups.change(self._do, before, body), self._base))

    def delete_group(self, number: int) -> Response:
        """The group ends; its address is nobody's again."""
        self._check_version(self._group(number))
        self._do(group_acts.END, group_acts.OneGroup(number))
        return Response(status=204)

    def _group_record(self, number: int) -> group_acts.GroupRecord:
        found: group_acts.GroupRecord = self._do(group_acts.SHOW, group_acts.OneGroup(number))
        return found

    def _group(self, number: int) -> Resource:
        return groups.shown(self._group_record(number), self._base)

    # -- answers

    @staticmethod
    def _page(found: list[Resource], asked: Asked) -> Response:
        """One page (RFC 7644 §3.4.2.4)."""
        if asked.wanted is not None:
            found = [one for one in found if fits(one, asked.wanted)]
        page = found[asked.start - 1 : asked.start - 1 + asked.count]
        body: Resource = {"schemas": [LIST], "totalResults": len(found), "startIndex": asked.start}
        shown = [_answered(one, asked) for one in page]
        return answer(body | {"itemsPerPage": len(page), "Resources": shown})

    @staticmethod
    def _check_version(representation: Resource) -> None:
        """RFC 7644 §3.14: a change of another version than the client saw is refused."""
        wanted = request.headers.get("If-Match")
        if wanted is not None and wanted.strip() != "*" and _version(representation) not in _tags(wanted):
            raise ScimError(412, "It was changed meanwhile.")

    @staticmethod
    def _versioned(representation: Resource, status: int = 200) -> Response:
        version = _version(representation)
        if request.method == "GET" and version in _tags(request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": version})
        response = answer(_answered(representation, of_query()), status)
        response.headers["ETag"] = version
        return response

    def _made(self, representation: Resource) -> Response:
        response = self._versioned(representation, 201)
        response.headers["Location"] = representation["meta"]["location"]
        return response


def _listed(found: list[Resource]) -> Response:
    if "filter" in request.args:
        raise ScimError(403, "These are not filtered (RFC 7644 §4).")
    body: Resource = {"schemas": [LIST], "totalResults": len(found), "startIndex": 1}
    return answer(body | {"itemsPerPage": len(found), "Resources": found})


def _one_of(found: list[Resource], name: str) -> Response:
    one = next((item for item in found if item["id"] == name), None)
    if one is None:
        raise ScimError(404, f"There is no {name[:100]}.")
    return answer(one)


def _body() -> Resource:
    if request.mimetype not in {MEDIA_TYPE, "application/json"}:
        raise ScimError(415, f"{MEDIA_TYPE} is needed.")
    try:
        found = json.loads(request.get_data(cache=False).decode())
    except (UnicodeDecodeError, ValueError, RecursionError) as why:
        raise ScimError(400, "This is no JSON.", "invalidSyntax") from why
    if not isinstance(found, dict):
        raise ScimError(400, "An object is needed.", "invalidSyntax")
    return found


def _version(representation: Resource) -> str:
    packed = json.dumps(representation, ensure_ascii=False, sort_keys=True).encode()
    return f'W/"{hashlib.sha256(packed).hexdigest()[:24]}"'


def _answered(representation: Resource, asked: Asked) -> Resource:
    whole = representation | {"meta": representation["meta"] | {"version": _version(representation)}}
    return projected(whole, asked.attributes, asked.excluded)


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}

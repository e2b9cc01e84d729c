"""Mẫu của một cấp: what a place of a tier has, as a typed document: agencies, their boxes, groups, administrators.

Texts may hold `{place}` (xã Đạ Ròn), `{code}` (DARON) and `{slug}` (daron); nothing else is put in.
"""

from string import Formatter
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from directory.address import AddressError
from directory.model import AdminRole, Branch, PostRole, Tier
from directory.provision.csv_rows import own_address

PLACEHOLDERS: Final = frozenset({"place", "code", "slug"})
_SAMPLE: Final = {"place": "xã Mẫu", "code": "MAU", "slug": "mau"}
MAX_UNITS: Final = 100


def _pattern(text: str) -> str:
    try:
        fields = {
            name
            for _, name, spec, conversion in Formatter().parse(text)
            if name is not None or spec or conversion
        }
    except ValueError as error:
        raise ValueError("ngoặc nhọn không khớp / unbalanced braces") from error
    if fields - PLACEHOLDERS:
        raise ValueError("chỉ dùng {place} {code} {slug} / only these may stand in braces")
    return text


def _local(text: str) -> str:
    _pattern(text)
    try:
        own_address(text.format(**_SAMPLE))
    except AddressError as error:
        raise ValueError(
            "phần trước @: chữ thường không dấu, số và . _ - / before the @: a-z, digits and . _ -"
        ) from error
    return text


Words = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_pattern)]
Code = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_pattern)]
Local = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_local)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PostBox(_Part):
    """Hộp thư chức danh: follows whoever holds the role in its unit."""

    address: Local
    role: PostRole
    title: Words


class AgencyTemplate(_Part):
    """One unit of the place; without `parent` it stands under its branch's unit of the tier above."""

    code: Code
    name: Words
    short_name: Annotated[str, Field(max_length=64), AfterValidator(_pattern)] = ""
    branch: Branch
    parent: Code | None = Field(None, description="code of another unit of this template")
    headcount: int | None = Field(None, ge=0, le=100_000)
    box: Local | None = Field(None, description="address of its unit box, before the @")
    posts: tuple[PostBox, ...] = Field((), max_length=20)


class GroupTemplate(_Part):
    """A group of the boxes of one branch in the place."""

    name: Words
    address: Local
    branch: Branch
    posts: bool = Field(False, description="post boxes too, not only unit boxes")


class AdministratorTemplate(_Part):
    """Whoever is named for a branch administers this unit and those below it."""

    unit: Code
    role: AdminRole = AdminRole.UNIT


class TierTemplate(_Part):
    """Everything that a place of one tier has."""

    tier: Tier
    name: Annotated[str, Field(min_length=1, max_length=100)]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    agencies: tuple[AgencyTemplate, ...] = Field(min_length=1, max_length=MAX_UNITS)
    groups: tuple[GroupTemplate, ...] = Field((), max_length=50)
    administrators: tuple[AdministratorTemplate, ...] = Field((), max_length=20)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        known: dict[str, AgencyTemplate] = {}
        for agency in self.agencies:
            if agency.code in known:
                raise ValueError(f"{agency.code}: mã có hai lần / the code stands twice")
            if agency.parent is not None:
                above = known.get(agency.parent)
                if above is None:
                    raise ValueError(f"{agency.parent}: cấp trên phải đứng trước / a parent comes first")
                if above.branch is not agency.branch:
                    raise ValueError(
                        f"{agency.code}: cấp trên phải cùng khối / the parent is of another branch"
                    )
            known[agency.code] = agency
        for administrator in self.administrators:
            if administrator.unit not in known:
                raise ValueError(f"{administrator.unit}: không có đơn vị này / there is no such unit")
        locals_used = [agency.box for agency in self.agencies if agency.box is not None]
        locals_used += [post.address for agency in self.agencies for post in agency.posts]
        locals_used += [group.address for group in self.groups]
        twice = {local for local in locals_used if locals_used.count(local) > 1}
        if twice:
            raise ValueError(f"{min(twice)}: địa chỉ có hai lần / the address stands twice")
        return self


class TemplateRefusedError(ValueError):
    """The document is no template; `faults` are (where, what)."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{where}: {what}" for where, what in faults))
        self.faults = faults


def read_template(text: str | bytes) -> TierTemplate:
    """A template from its JSON; TemplateRefusedError names every field that is wrong."""
    try:
        return TierTemplate.model_validate_json(text)
    except ValidationError as error:
        faults = tuple(
            (".".join(str(part) for part in item["loc"]) or "–", item["msg"]) for item in error.errors()[:50]
        )
        raise TemplateRefusedError(faults) from error


def write_template(template: TierTemplate) -> str:
    """A template as JSON, without what says nothing."""
    return template.model_dump_json(indent=2, exclude_defaults=True)

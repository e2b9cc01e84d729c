"""Acts as a scheduled plan keeps them: JSON that makes the same acts again on the day."""

import json
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from directory.provision.csv_rows import Sheet
from directory.reorganise.acts import Act, Ending, Moving, PlaceEnding, Readdressing, Renaming

_BY_NAME: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in (Ending, Renaming, Moving, Readdressing, PlaceEnding)
}


def acts_to_source(sheet: Sheet[Act]) -> str:
    """The acts as JSON."""
    return json.dumps([{"kind": type(act).__name__, **asdict(act)} for act in sheet.rows], ensure_ascii=False)


def acts_from_source(text: str) -> Sheet[Act] | None:
    """The acts that were kept; None where they cannot be read."""
    try:
        rows = tuple(_BY_NAME[body.pop("kind")].validate_python(body) for body in json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        return None
    return Sheet(rows) if rows else None

"""An act as a scheduled plan keeps it: JSON that makes the same act again on its day."""

import json
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from directory.life.acts import NAMES, LifeAct

_BY_NAME = {name: TypeAdapter(kind) for kind, name in NAMES.items()}


class SourceError(ValueError):
    """What was kept is no act."""


def to_source(act: LifeAct) -> str:
    """The act as JSON."""
    return json.dumps({"act": NAMES[type(act)], **asdict(act)}, ensure_ascii=False, default=str)


def from_source(text: str) -> LifeAct:
    """The act that was kept; SourceError where it is none."""
    try:
        body: dict[str, Any] = json.loads(text)
        found: LifeAct = _BY_NAME[body.pop("act")].validate_python(body)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise SourceError(str(error)) from error
    return found

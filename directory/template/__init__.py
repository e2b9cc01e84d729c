"""Mẫu theo cấp: dated templates, and new places made from them in one plan."""

from directory.template.apply import apply_place
from directory.template.keep import KeptTemplate, list_templates, set_template, shipped, template_on
from directory.template.model import TemplateRefusedError, TierTemplate, read_template, write_template
from directory.template.place import PlacePlan, PlaceRequest, place_to_json
from directory.template.plan import plan_place

__all__ = [
    "KeptTemplate",
    "PlacePlan",
    "PlaceRequest",
    "TemplateRefusedError",
    "TierTemplate",
    "apply_place",
    "list_templates",
    "place_to_json",
    "plan_place",
    "read_template",
    "set_template",
    "shipped",
    "template_on",
    "write_template",
]

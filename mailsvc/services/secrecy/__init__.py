"""Canh chừng độ mật: letters that bear a mark of a state secret are stopped before they are sent."""

from mailsvc.services.secrecy.guard import Inspection, inspect, refuse_secrets, uninspected_field
from mailsvc.services.secrecy.marks import Degree

__all__ = ["Degree", "Inspection", "inspect", "refuse_secrets", "uninspected_field"]

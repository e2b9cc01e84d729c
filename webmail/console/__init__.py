"""The web console of administrators at /quan-tri: the acts of the catalogue as pages, without a line of script."""

from webmail.console import (
    acting,
    boxes,
    figures,
    harmful,
    oversight,
    planning,
    reading_requests,
    tree,
)  # each puts its pages on the screen
from webmail.console.screen import screen

__all__ = [
    "acting",
    "boxes",
    "figures",
    "harmful",
    "oversight",
    "planning",
    "reading_requests",
    "screen",
    "tree",
]

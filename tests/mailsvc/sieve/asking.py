"""Run a script over the letter, in a world that the test describes."""

from mailsvc.sieve.actions import File, Outcome
from mailsvc.sieve.check import Script, compile_script
from mailsvc.sieve.letter import Envelope, Letter
from mailsvc.sieve.run import run
from tests.mailsvc.sieve.scripts import LETTER, RECIPIENT, SENDER


class World:
    """A few mailboxes, other scripts, and what was seen."""

    def __init__(self, **scripts: str) -> None:
        self.mailboxes = {"INBOX", "Archive"}
        self.scripts = scripts
        self.seen: dict[tuple[str, str], int] = {}
        self.time = 1_763_343_000

    def now(self) -> int:
        return self.time

    def mailbox_exists(self, name: str) -> bool:
        return name in self.mailboxes

    def special_use_exists(self, use: str, mailbox: str | None) -> bool:
        return use.lower() == "\\archive" and mailbox in {None, "Archive"}

    def script(self, name: str, *, personal: bool) -> Script | None:
        text = self.scripts.get(name if personal else f"global_{name}")
        return None if text is None else compile_script(text.encode())

    def is_duplicate(self, handle: str, unique: str, seconds: int, *, last: bool) -> bool:
        at = self.seen.get((handle, unique))
        known = at is not None and self.time - at < seconds
        if not known or last:
            self.seen[handle, unique] = self.time
        return known

    def environment(self, name: str) -> str | None:
        return {"location": "MDA", "domain": "tinh.example", "vnd.congvu.zone": "+0700"}.get(name)


def outcome(script: str, octets: bytes = LETTER, world: World | None = None) -> Outcome:
    letter = Letter(octets, Envelope(SENDER, RECIPIENT))
    return run(compile_script(script.encode()), letter, world or World())


def filed(script: str, octets: bytes = LETTER, world: World | None = None) -> list[str]:
    """Where the letter goes; INBOX for keep."""
    return [one.mailbox or "INBOX" for one in outcome(script, octets, world).actions if isinstance(one, File)]

"""Coverage-guided fuzzing of the IMAP engine: any octets, cut anywhere, in every state (`make fuzz`).

The engine may answer or refuse; it may not raise, hold more than it allows, or lose its place: after a whole
command it takes the next one. What breaks it is written to a file, and belongs into tests/golden/imap as a test.
"""

import sys
import tempfile
from pathlib import Path

import atheris

CORPUS = Path(__file__).parent / "corpus" / "imap"

with atheris.instrument_imports(include=["mailsvc.imap.wire", "mailsvc.model"]):
    from mailsvc.imap.wire.command import Command, State
    from mailsvc.imap.wire.errors import ProtocolError
    from mailsvc.imap.wire.session import NEED_DATA, ImapSession, Limits

LIMITS = Limits(line_before_login=512, line=2048, literal_before_login=64, literal=1024, append=4096)
ROOM = LIMITS.line + LIMITS.append + LIMITS.literal
STATES = (State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED)


def one(octets: bytes) -> None:
    """The first octet chooses state and dialect, the second where the stream is cut."""
    if len(octets) < 2:
        return
    session = ImapSession(LIMITS)
    session.state = STATES[octets[0] % len(STATES)]
    session.utf8 = bool(octets[0] & 0x80)
    step = octets[1] % 17 + 1
    stream = octets[2:]
    for start in range(0, len(stream), step):
        session.receive(stream[start : start + step])
        if not drain(session):
            return
        assert session.buffered <= ROOM, session.buffered
    session.receive(b"\r\n\r\n")
    drain(session)


def drain(session: ImapSession) -> bool:
    """Take every event; False once the connection would be closed."""
    for _ in range(10_000):
        event = session.next_command()
        if event is NEED_DATA:
            return True
        if isinstance(event, ProtocolError) and event.fatal:
            return False
        if isinstance(event, Command):
            session.completed(event, succeeded=True)
            if session.state is State.LOGOUT:
                return False
    raise AssertionError("no end of events")


def main() -> None:
    """Arguments are libFuzzer's: -max_total_time=60, -runs=N, or a file that broke it. What is found stays outside of the corpus."""
    arguments = [sys.argv[0], "-max_len=4096", "-timeout=10", *sys.argv[1:]]
    with tempfile.TemporaryDirectory() as found:
        if all(argument.startswith("-") for argument in sys.argv[1:]):
            arguments += [found, str(CORPUS)]
        atheris.Setup(arguments, one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

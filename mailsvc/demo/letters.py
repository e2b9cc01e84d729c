"""The three hundred letters that the demo province has exchanged in its last sixty days."""

from mailsvc.demo.correspondence import correspondence
from mailsvc.demo.desk import Desk
from mailsvc.demo.everyday import bulletins, notes, outside
from mailsvc.demo.model import DemoLetter, DemoProvince

NOTE_ROUNDS = 2


def demo_letters(province: DemoProvince, now: int) -> tuple[DemoLetter, ...]:
    """All letters before `now`, oldest first; files are rendered only when somebody wants their octets."""
    desk = Desk(province, now)
    letters = [*correspondence(desk), *notes(desk, NOTE_ROUNDS), *bulletins(desk), *outside(desk)]
    return tuple(sorted(letters, key=lambda letter: (letter.sent_at, letter.key)))

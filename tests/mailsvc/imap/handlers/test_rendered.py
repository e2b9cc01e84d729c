"""What was rendered for one who asked is sent to the next, as long as it is the same."""

from types import SimpleNamespace

from mailsvc.imap.handlers.rendered import LONG, RenderedLines
from mailsvc.imap.wire.fetch import Attribute

WHAT = (Attribute.UID, Attribute.ENVELOPE)


def view(uids, *, ghosts=frozenset(), mailbox=1, validity=1):
    return SimpleNamespace(
        known=SimpleNamespace(mailbox_id=mailbox, uid_validity=validity, uids=uids), ghosts=ghosts
    )


def test_only_long_stretches_of_what_never_changes_are_kept():
    uids = list(range(1, 2 * LONG))
    assert RenderedLines.key(view(uids), WHAT, range(LONG)) is not None
    assert RenderedLines.key(view(uids), WHAT, range(LONG - 1)) is None
    assert RenderedLines.key(view(uids), WHAT, list(range(LONG))) is None
    assert RenderedLines.key(view(uids), (*WHAT, Attribute.FLAGS), range(LONG)) is None
    assert RenderedLines.key(view(uids), (Attribute.MODSEQ,), range(LONG)) is None
    assert RenderedLines.key(view(uids, ghosts=frozenset({7})), WHAT, range(LONG)) is None


def test_a_letter_that_went_or_another_mailbox_is_another_stretch():
    uids = list(range(1, 2 * LONG))
    key = RenderedLines.key(view(uids), WHAT, range(LONG))
    without = [uid for uid in uids if uid != 7]
    assert RenderedLines.key(view(without), WHAT, range(LONG)) != key
    assert RenderedLines.key(view(without), WHAT, range(LONG - 1)) != key
    assert RenderedLines.key(view(uids, mailbox=2), WHAT, range(LONG)) != key
    assert RenderedLines.key(view(uids, validity=2), WHAT, range(LONG)) != key
    assert RenderedLines.key(view(uids), WHAT[::-1], range(LONG)) != key
    assert RenderedLines.key(view(uids), WHAT, range(1, LONG + 1)) != key


def test_what_is_kept_is_bounded_and_the_oldest_goes_first():
    rendered = RenderedLines(room=100)
    for number in range(20):
        rendered.keep((number,), b"x" * 10)
        assert rendered.get((0,)) is not None or number > 10
    assert rendered.get((19,)) == b"x" * 10
    assert sum(rendered.get((number,)) is not None for number in range(20)) == 10
    rendered.keep(("large",), b"x" * 101)
    assert rendered.get(("large",)) is None

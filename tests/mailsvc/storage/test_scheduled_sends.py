"""Rows of letters that wait, on both databases."""

from directory.model import AccountId
from mailsvc.storage import scheduled_sends
from mailsvc.storage.scheduled_sends import ScheduledSend
from mailsvc.storage.store import Store

AN, DARON = AccountId(1), AccountId(2)


def test_what_is_due_comes_in_turn_and_what_failed_no_more(store: Store) -> None:
    with store.write() as uow:
        for name, at in (("b", 20), ("a", 10), ("c", 30)):
            scheduled_sends.put(uow, ScheduledSend(name, AN, DARON, 1, at, "{}"))
        assert [one.draft_id for one in scheduled_sends.due(uow, 20, 9)] == ["a", "b"]
        assert scheduled_sends.next_due(uow) == 10
        scheduled_sends.fail(uow, "a", "gone")
        scheduled_sends.move(uow, "b", 40)
        assert [one.draft_id for one in scheduled_sends.due(uow, 99, 9)] == ["c", "b"]
        for box in (AN, DARON):
            assert [one.send.draft_id for one in scheduled_sends.of_box(uow, box, 9)] == ["a", "c", "b"]
        scheduled_sends.put(uow, ScheduledSend("a", AN, DARON, 2, 50, "{}"))
        assert scheduled_sends.get(uow, "a") == ScheduledSend("a", AN, DARON, 2, 50, "{}")
        assert scheduled_sends.drop(uow, "a")
        assert not scheduled_sends.drop(uow, "a")
        assert scheduled_sends.next_due(uow) == 30

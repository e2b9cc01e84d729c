"""When to retry, when to tell, when to give up (RFC 5321 §4.5.4.1)."""

from mailsvc.queue.schedule import INTERVALS, Fate, Patience, Verdict, judge
from mailsvc.smtp.wire.reply import Reply

HOUR = 3600
PATIENCE = Patience(lifetime=120 * HOUR, delay_notice=4 * HOUR)
LATER = Reply(451, "4.7.1", "later")


def after(now, *, attempts=0, reply=LATER, told=False):
    return judge(reply, now=now, created_at=0, attempts=attempts, delay_told=told, patience=PATIENCE)


def test_a_yes_is_sent_and_a_no_is_failed():
    assert after(10, reply=Reply(250, "2.0.0", "ok")).fate is Fate.SENT
    assert after(10, reply=Reply(550, "5.1.1", "no")) == Verdict(Fate.FAILED, 10)


def test_waits_grow_from_minutes_to_hours():
    assert [after(0, attempts=tries).next_attempt for tries in range(8)] == [
        300, 900, 1800, HOUR, 2 * HOUR, 4 * HOUR, 4 * HOUR, 4 * HOUR,
    ]  # fmt: skip


def test_the_sender_is_told_of_a_delay_once():
    assert not after(4 * HOUR - 1, attempts=6).tell_delay
    assert after(4 * HOUR, attempts=6).tell_delay
    assert not after(4 * HOUR, attempts=6, told=True).tell_delay


def test_a_letter_is_tried_a_last_time_when_its_time_is_over_and_then_given_up():
    assert after(119 * HOUR, attempts=30).next_attempt == 120 * HOUR
    assert after(120 * HOUR, attempts=31) == Verdict(Fate.FAILED, 120 * HOUR, gave_up=True)


def test_the_whole_life_of_a_letter_takes_some_thirty_tries():
    now, tries = 0, 0
    while (verdict := after(now, attempts=tries, told=True)).fate is Fate.WAITING:
        now, tries = verdict.next_attempt, tries + 1
    assert now == 120 * HOUR
    assert tries == len(INTERVALS) + 29

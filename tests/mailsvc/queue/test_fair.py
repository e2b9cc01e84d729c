"""Turns and pauses, without a clock or a network."""

from mailsvc.queue.backoff import FIRST_SECONDS, LONGEST_SECONDS, Backoff
from mailsvc.queue.fair import FairQueue
from mailsvc.queue.way import Demand, Way, way_of
from mailsvc.smtp.wire.reply import Reply

NO = Reply(451, "4.4.1", "no answer")


def test_every_sender_has_one_job_in_turn():
    queue = FairQueue()
    for number in range(4):
        queue.put(1, f"a{number}")
    queue.put(2, "b0")
    queue.put(2, "b1")
    assert len(queue) == 6
    assert queue.drain() == ["a0", "b0", "a1", "b1", "a2", "a3"]
    assert len(queue) == 0


def test_a_place_that_does_not_answer_is_left_alone_for_longer_each_time():
    backoff = Backoff()
    now = 0.0
    pauses = []
    for _ in range(8):
        backoff.failed("x.vn", NO, now)
        start = now
        while backoff.blocked("x.vn", now) is not None:
            now += 1
        pauses.append(now - start)
    assert pauses[0] == FIRST_SECONDS
    assert pauses[-1] == LONGEST_SECONDS
    assert pauses == sorted(pauses)
    assert backoff.blocked("y.vn", 0) is None
    backoff.failed("x.vn", NO, now)
    backoff.succeeded("x.vn")
    assert backoff.blocked("x.vn", now) is None


def test_routes_by_domain_and_below_it_come_before_the_general_smart_host():
    routes = {"x.vn": "a:25", ".gov.vn": "b:25"}
    for domain, smart_host in [
        ("x.vn", "a:25"),
        ("m.x.vn", ""),
        ("gov.vn", ""),
        ("a.b.gov.vn", "b:25"),
        ("y.vn", ""),
    ]:
        assert way_of(domain, Demand.USUAL, routes=routes, smart_host="").smart_host == smart_host
    assert way_of("y.vn", Demand.USUAL, routes=routes, smart_host="c:25") == Way("", "c:25")
    assert way_of("y.vn", Demand.REQUIRED, routes={}, smart_host="").demand is Demand.REQUIRED

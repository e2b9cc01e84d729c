"""How much one address may ask; the clock is ours."""

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from mailsvc.net.limits import ConnectionLimits, Refusal, TokenBuckets, TrustedNetworks, peer_address, site_of


def test_connections_are_counted_by_site_and_in_all():
    limits = ConnectionLimits(total=3, per_site=2)
    assert [limits.enter(site) for site in ("a", "a", "a", "b", "c")] == [
        None, None, Refusal.SITE_FULL, None, Refusal.SERVER_FULL,
    ]  # fmt: skip
    limits.leave("a")
    assert limits.enter("a") is None
    for site in ("a", "a", "b"):
        limits.leave(site)
    assert limits.open == 0


def test_one_customer_of_ipv6_is_one_site():
    assert site_of(ip_address("2001:db8::1")) == site_of(ip_address("2001:db8::ffff:2"))
    assert site_of(ip_address("2001:db8::1")) != site_of(ip_address("2001:db8:0:1::1"))
    assert site_of(ip_address("192.0.2.1")) == "192.0.2.1"


def test_an_ipv4_peer_on_an_ipv6_socket_is_an_ipv4_peer():
    assert peer_address("::ffff:127.0.0.1") in TrustedNetworks([ip_network("127.0.0.0/8")])
    assert peer_address("fe80::1%eth0") not in TrustedNetworks([ip_network("127.0.0.0/8")])


def test_a_bucket_gives_its_burst_then_its_rate():
    buckets = TokenBuckets(burst=2, per_second=0.5)
    assert [buckets.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert not buckets.has("a", 1.0)
    assert buckets.has("a", 2.0)
    assert buckets.take("a", 2.0)
    assert not buckets.take("a", 1.0)  # a clock set back gives nothing
    assert buckets.take("b", 2.0)


def test_strangers_cannot_fill_the_memory():
    buckets = TokenBuckets(burst=1, per_second=1, max_keys=10)
    for number in range(1000):
        buckets.take(str(number), 0.0)
    assert len(buckets._buckets) == 10


@given(st.lists(st.floats(0, 10), max_size=50))
def test_never_more_than_burst_and_rate_together(gaps):
    buckets = TokenBuckets(burst=3, per_second=2)
    now, taken = 0.0, 0
    for gap in gaps:
        now += gap
        taken += buckets.take("a", now)
        assert taken <= 3 + 2 * now + 1e-6

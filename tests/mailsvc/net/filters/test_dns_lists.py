"""What DNS lists say of an address (RFC 5782)."""

import asyncio
from ipaddress import ip_address

from mailsvc.net.filters.dns_lists import DnsLists, Listing, asked_name
from mailsvc.net.resolver import StaticResolver

BAD, GOOD, LIAR = ip_address("192.0.2.99"), ip_address("192.0.2.1"), ip_address("192.0.2.7")
ZONE = {
    "99.2.0.192.bl.example": ["127.0.0.2"],
    "99.2.0.192.other.example": ["127.0.0.4"],
    "7.2.0.192.bl.example": ["203.0.113.5"],
    "7.2.0.192.other.example": ["127.255.255.254"],
}


class Counting(StaticResolver):
    __slots__ = ("asked",)

    async def a(self, name):
        self.asked.append(name)
        return await super().a(name)


def lists(resolver, clock=lambda: 0.0, seconds=5.0):
    return DnsLists({"bl.example": 6, "other.example": 5}, resolver, seconds=seconds, clock=clock)


def counting(**more):
    resolver = Counting(addresses=ZONE, **more)
    object.__setattr__(resolver, "asked", [])
    return resolver


def test_names_are_asked_turned_round():
    assert asked_name(BAD, "bl.example") == "99.2.0.192.bl.example"
    turned = asked_name(ip_address("2001:db8::1"), "bl.example")
    assert turned.startswith("1.0.0.0.")
    assert turned.endswith("8.b.d.0.1.0.0.2.bl.example")


def test_weights_of_all_lists_that_name_an_address_are_added():
    both = lists(counting())
    assert asyncio.run(both.look_up(BAD)) == Listing(11, ("bl.example", "other.example"))
    assert asyncio.run(both.look_up(GOOD)) == Listing(0, ())


def test_an_answer_outside_of_127_or_of_a_list_in_trouble_names_nobody():
    assert asyncio.run(lists(counting()).look_up(LIAR)) == Listing(0, ())


def test_trouble_is_no_listing_and_is_not_remembered():
    resolver = counting(trouble=frozenset({"99.2.0.192.bl.example"}))
    some = lists(resolver)
    assert asyncio.run(some.look_up(BAD)) == Listing(5, ("other.example",))
    asyncio.run(some.look_up(BAD))
    assert len(resolver.asked) == 4


def test_answers_are_kept_for_five_minutes():
    resolver, now = counting(), [0.0]
    some = lists(resolver, clock=lambda: now[0])
    asyncio.run(some.look_up(BAD))
    asyncio.run(some.look_up(BAD))
    assert len(resolver.asked) == 2
    now[0] = 301.0
    asyncio.run(some.look_up(BAD))
    assert len(resolver.asked) == 4


def test_a_list_that_does_not_answer_holds_nobody_up():
    class Dead(StaticResolver):
        async def a(self, name):
            if name.endswith("bl.example"):
                await asyncio.Event().wait()
            return await super().a(name)

    found = asyncio.run(lists(Dead(addresses=ZONE), seconds=0.05).look_up(BAD))
    assert found == Listing(5, ("other.example",))

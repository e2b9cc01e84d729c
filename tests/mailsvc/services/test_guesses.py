"""Guessing is slowed down by account, network and device; whoever is known is never locked out by strangers."""

from mailsvc.services.guesses import MAX_KEYS, WEB_DOOR, Allowance, Allowances, Guess, Guesses

SMALL = Allowances(Allowance(5, 10), Allowance(3, 10), Allowance(8, 10), Allowance(4, 10))


class Ticks:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_one_name_from_one_network_waits_after_so_many_tries_and_is_told_how_long() -> None:
    ticks = Ticks()
    guesses = Guesses(ticks, SMALL)
    guess = Guess("an@x", "192.0.2.0/24")
    for _ in range(3):
        assert guesses.wait(guess) == 0
        guesses.failed(guess)
    assert guesses.wait(guess) == 10
    assert guesses.wait(Guess("AN@X", "192.0.2.0/24")) == 10  # as the address itself, in any case
    ticks.now += 10
    assert guesses.wait(guess) == 0


def test_a_network_that_tries_many_names_waits_unless_it_is_trusted() -> None:
    guesses = Guesses(Ticks(), SMALL)
    for number in range(5):
        guesses.failed(Guess(f"user{number}@x", "192.0.2.0/24"))
        guesses.failed(Guess(f"user{number}@x", "10.0.0.0/24", trusted=True))
    assert guesses.wait(Guess("other@x", "192.0.2.0/24")) > 0
    assert guesses.wait(Guess("other@x", "10.0.0.0/24", trusted=True)) == 0
    assert guesses.wait(Guess("other@x", "198.51.100.0/24")) == 0


def test_ten_thousand_networks_together_wait_and_the_owners_device_does_not() -> None:
    guesses = Guesses(Ticks(), SMALL)
    for number in range(10_000):
        guesses.failed(Guess("an@x", f"10.{number >> 8}.{number & 255}.0/24"))
    assert guesses.wait(Guess("an@x", "203.0.113.0/24")) > 0
    assert guesses.wait(Guess("an@x", "203.0.113.0/24", device="cookie:abc")) == 0
    assert guesses.wait(Guess("binh@x", "203.0.113.0/24")) == 0


def test_a_known_device_that_guesses_waits_for_itself_only() -> None:
    guesses = Guesses(Ticks(), SMALL)
    stolen = Guess("an@x", "192.0.2.0/24", device="cookie:stolen")
    for _ in range(4):
        guesses.failed(stolen)
    assert guesses.wait(stolen) > 0
    assert guesses.wait(Guess("an@x", "192.0.2.0/24", device="cookie:own")) == 0
    guesses.succeeded(stolen)
    assert guesses.wait(stolen) == 0


def test_success_forgets_own_failures_and_not_those_of_others() -> None:
    guesses = Guesses(Ticks(), SMALL)
    for _ in range(5):
        guesses.failed(Guess("an@x", "192.0.2.0/24"))
    guesses.succeeded(Guess("an@x", "192.0.2.0/24"))
    assert guesses.wait(Guess("binh@x", "192.0.2.0/24")) > 0  # the network's own allowance is used up


def test_memory_is_bounded_whatever_is_tried() -> None:
    guesses = Guesses(Ticks(), WEB_DOOR)
    for number in range(3 * MAX_KEYS):
        guesses.failed(Guess(f"user{number}@x", f"2001:db8:{number:x}::/64"))
    assert guesses.remembered <= 4 * MAX_KEYS

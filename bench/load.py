"""The load generator, a process of its own: one job as JSON in, one line of JSON figures out.

The jobs are the same for every side; only ports differ. `python -m bench.load` reads {"job": …, …} on its first
line of input. A job that wants its parent to look at the server (CPU before the clock starts, memory at rest) prints
{"event": …} and waits for a line.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import statistics
import sys
import time
from typing import Any

import uvloop

from bench import letters
from bench.side import DOMAIN, PASSWORD
from bench.wire import Imap, Smtp, on_the_wire

FIRST_VIEW = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"
Figures = dict[str, float]


def address(user: str) -> str:
    """The address of a user of the bench."""
    return f"{user}@{DOMAIN}"


def milliseconds(since: float) -> float:
    """Time passed."""
    return (time.perf_counter() - since) * 1000


def at(samples: list[float], share: float) -> float:
    """A percentile."""
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * share))]


async def signed_in(port: int, user: str) -> Imap:
    """An IMAP session of a user."""
    imap = await Imap.connect(port)
    await imap.sign_in(address(user), PASSWORD)
    return imap


async def many_signed_in(port: int, users: list[str], at_once: int = 20) -> list[Imap]:
    """A session for each user, a few sign-ins at a time."""
    sessions: list[Imap] = []
    for first in range(0, len(users), at_once):
        sessions += await asyncio.gather(*(signed_in(port, user) for user in users[first : first + at_once]))
    return sessions


async def _messages(sessions: list[Imap]) -> int:
    said = await asyncio.gather(*(imap.do("STATUS INBOX (MESSAGES)") for imap in sessions))
    return sum(int(match[1]) for text in said if (match := re.search(rb"MESSAGES (\d+)", text)))


async def _parent_looks(event: str) -> None:
    sys.stdout.write(json.dumps({"event": event}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)


async def deliver(job: dict[str, Any]) -> Figures:
    """Letters by several connections; the clock stops when all of them are in the mailboxes."""
    lmtp = job["protocol"] == "lmtp"
    users: list[str] = job["users"]
    count: int = job["letters"]
    contents = [on_the_wire(letters.small(number, seed=job["seed"])) for number in range(count)]
    watchers = await many_signed_in(job["imap"], users)
    before = await _messages(watchers)
    queue = iter(enumerate(contents))
    times: list[float] = []

    async def work(smtp: Smtp) -> None:
        for number, content in queue:
            began = time.perf_counter()
            await smtp.letter(letters.SENDER, [address(users[number % len(users)])], content, lmtp=lmtp)
            times.append(milliseconds(began))

    connections = [await Smtp.connect(job["port"]) for _ in range(job["connections"])]
    await asyncio.gather(*(smtp.greet("LHLO" if lmtp else "EHLO") for smtp in connections))
    await _parent_looks("begin")
    began = time.perf_counter()
    await asyncio.gather(*(work(smtp) for smtp in connections))
    handed_in = time.perf_counter() - began
    while await _messages(watchers) < before + count:
        await asyncio.sleep(0.005)
        if time.perf_counter() - began > 600:
            raise TimeoutError("letters are missing")
    arrived = handed_in if lmtp else time.perf_counter() - began
    for wire in [*connections, *watchers]:
        wire.close()
    return {
        "per_second": count / arrived,
        "accepted_per_second": count / handed_in,
        "p50": at(times, 0.5),
        "p99": at(times, 0.99),
        "seconds": arrived,
    }


async def fan_out(job: dict[str, Any]) -> Figures:
    """One letter to many mailboxes, up to 1,000 recipients a transaction; until the last acceptance."""
    lmtp = job["protocol"] == "lmtp"
    content = (
        letters.large(octets=job["octets"], seed=job["seed"]) if job["octets"] else letters.small(job["seed"])
    )
    recipients = [address(user) for user in job["users"]]
    body = on_the_wire(content)
    smtp = await Smtp.connect(job["port"])
    await smtp.greet("LHLO" if lmtp else "EHLO")
    began = time.perf_counter()
    for first in range(0, len(recipients), 1000):
        await smtp.letter(letters.SENDER, recipients[first : first + 1000], body, lmtp=lmtp)
    seconds = time.perf_counter() - began
    smtp.close()
    return {"seconds": seconds, "octets": float(len(content))}


async def counts(job: dict[str, Any]) -> Figures:
    """How many letters some users have: the proof that what was counted has arrived."""
    sessions = await many_signed_in(job["imap"], job["users"])
    total = await _messages(sessions)
    for imap in sessions:
        imap.close()
    return {"messages": float(total)}


async def _timed(imap: Imap, command: str) -> float:
    began = time.perf_counter()
    await imap.do(command)
    return milliseconds(began)


async def _median(imap: Imap, *commands: str) -> float:
    return statistics.median([await _timed(imap, command) for command in commands])


async def first_view(job: dict[str, Any]) -> Figures:
    """What a client asks when it opens: LOGIN, SELECT, the last 50 with structure."""
    samples: dict[str, list[float]] = {"login": [], "select": [], "last_50": [], "first_view": []}
    for _ in range(job["times"]):
        began = time.perf_counter()
        imap = await Imap.connect(job["imap"])
        await imap.sign_in(address(job["user"]), PASSWORD)
        samples["login"].append(milliseconds(began))
        step = time.perf_counter()
        await imap.do("SELECT INBOX")
        samples["select"].append(milliseconds(step))
        step = time.perf_counter()
        count = job["messages"]
        await imap.do(f"FETCH {max(1, count - 49)}:{count} {FIRST_VIEW}")
        samples["last_50"].append(milliseconds(step))
        samples["first_view"].append(milliseconds(began))
        imap.close()
    return {name: statistics.median(times) for name, times in samples.items()}


async def reading(job: dict[str, Any]) -> Figures:
    """FETCH over a whole large mailbox, and single bodies."""
    imap = await signed_in(job["imap"], job["user"])
    await imap.do("SELECT INBOX")
    found = {"envelope_first": await _timed(imap, "FETCH 1:* (UID ENVELOPE)")}
    found["structure_first"] = await _timed(imap, "FETCH 1:* (UID BODYSTRUCTURE)")
    for name, command, times in (
        ("envelope", "FETCH 1:* (UID ENVELOPE)", 7),
        ("structure", "FETCH 1:* (UID BODYSTRUCTURE)", 7),
        ("flags", "FETCH 1:* (FLAGS)", 25),
    ):
        await _parent_looks(f"before_{name}")
        found[name] = await _median(imap, *[command] * times)
        found[f"{name}_times"] = times
        await _parent_looks(f"after_{name}")
    found["noop"] = await _median(imap, *["NOOP"] * 500)
    chance = random.Random(7)
    began = time.perf_counter()
    for _ in range(job["bodies"]):
        await imap.do(f"FETCH {chance.randint(1, job['messages'])} BODY.PEEK[]")
    found["bodies_per_second"] = job["bodies"] / (time.perf_counter() - began)
    imap.close()
    return found


async def writing(job: dict[str, Any]) -> Figures:
    """STORE, COPY and MOVE."""
    imap = await signed_in(job["imap"], job["user"])
    await imap.do("SELECT INBOX")
    chance = random.Random(8)
    ones = [f"STORE {chance.randint(1, job['messages'])} +FLAGS (\\Seen)" for _ in range(300)]
    found = {"store_one": await _median(imap, *ones)}
    found["store_all"] = await _median(imap, *[f"STORE 1:* {sign}FLAGS (\\Flagged)" for sign in "+-+-"])
    found["store_all_silent"] = await _median(
        imap, *[f"STORE 1:* {sign}FLAGS.SILENT (\\Answered)" for sign in "+-+-"]
    )
    copied = min(1000, job["messages"])
    found["store_1000"] = await _median(
        imap, *[f"STORE 1:{copied} {sign}FLAGS (\\Draft)" for sign in "+-+-+-"]
    )
    names = [f"copy{number}" for number in range(3)]
    for name in [*names, "moved"]:
        await imap.do(f"CREATE {name}")
    found["copy"] = await _median(imap, *[f"COPY 1:{copied} {name}" for name in names])
    moves = []
    for name in names:
        await imap.do(f"SELECT {name}")
        moves.append(await _timed(imap, f"MOVE 1:{copied} moved"))
    found["move"] = statistics.median(moves)
    imap.close()
    return found


async def searching(job: dict[str, Any]) -> Figures:
    """SEARCH in headers and in the text, and how many letters were found."""
    imap = await signed_in(job["imap"], job["user"])
    await imap.do("SELECT INBOX")
    found: Figures = {}
    searches = {
        "from": 'FROM "minh"',
        "body": f'BODY "{letters.RARE}"',
        "text": f'TEXT "{letters.RARE}"',
        "unseen": "UNSEEN",
    }
    for name, criteria in searches.items():
        began = time.perf_counter()
        text = await imap.do(f"SEARCH {criteria}")
        found[f"search_{name}_first"] = milliseconds(began)
        hits = re.search(rb"^\* SEARCH((?: \d+)*)", text, re.MULTILINE)
        found[f"search_{name}_hits"] = float(len(hits[1].split())) if hits else 0.0
        found[f"search_{name}"] = await _median(imap, *[f"SEARCH {criteria}"] * 3)
    imap.close()
    return found


async def busy(job: dict[str, Any]) -> Figures:
    """Sessions that never rest, each in its own mailbox, with a mixed diet."""
    sessions = await many_signed_in(job["imap"], job["users"])
    await _parent_looks("begin")
    done = 0
    times: list[float] = []
    ends = time.perf_counter() + job["seconds"]

    async def work(imap: Imap, number: int) -> None:
        nonlocal done
        chance = random.Random(number)
        text = await imap.do("SELECT INBOX")
        match = re.search(rb"\* (\d+) EXISTS", text)
        count = int(match[1]) if match else 1
        while time.perf_counter() < ends:
            one = chance.randint(1, count)
            command = chance.choices(
                (
                    f"FETCH {max(1, count - 19)}:{count} (UID FLAGS ENVELOPE)",
                    f"FETCH {one} BODY.PEEK[]",
                    f"STORE {one} {chance.choice('+-')}FLAGS (\\Seen)",
                    "SEARCH UNSEEN",
                    "STATUS INBOX (MESSAGES UNSEEN)",
                    "NOOP",
                ),
                (30, 20, 20, 10, 10, 10),
            )[0]
            times.append(await _timed(imap, command))
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(work(imap, number) for number, imap in enumerate(sessions)))
    seconds = time.perf_counter() - began
    for imap in sessions:
        imap.close()
    return {
        "per_second": done / seconds,
        "commands": float(done),
        "p50": at(times, 0.5),
        "p99": at(times, 0.99),
    }


async def idle(job: dict[str, Any]) -> Figures:
    """Sessions at rest in IDLE; how long after the acceptance of a letter they are told of it."""
    users: list[str] = job["users"]
    await _parent_looks("before")
    sessions = await many_signed_in(job["imap"], users)
    for imap in sessions:
        await imap.do("SELECT INBOX")
        await imap.idle()
    await asyncio.sleep(1)
    await _parent_looks("idle")
    smtp = await Smtp.connect(job["lmtp"])
    await smtp.greet("LHLO")
    delays: list[float] = []
    # Among the first hundred: Dovecot's sessions past fs.inotify.max_user_instances (128) look every 30 s only.
    chosen = random.Random(9).sample(range(min(100, len(users))), job["notices"])
    for number in chosen:
        sessions[number].buffer.clear()

        async def told(imap: Imap) -> float:
            await imap.exists()
            return time.perf_counter()

        waiting = asyncio.create_task(told(sessions[number]))
        await smtp.letter(
            letters.SENDER, [address(users[number])], on_the_wire(letters.small(number, seed=77)), lmtp=True
        )
        accepted = time.perf_counter()
        delays.append(max(0.0, (await waiting - accepted) * 1000))
    for imap in sessions:
        imap.close()
    smtp.close()
    return {"notice_p50": at(delays, 0.5), "notice_p99": at(delays, 0.99)}


async def large(job: dict[str, Any]) -> Figures:
    """Large letters by one connection, while another asks NOOP all the time, from a process of its own."""
    body = on_the_wire(letters.large(octets=job["octets"], seed=job["seed"]))
    smtp = await Smtp.connect(job["port"])
    await smtp.greet("EHLO")
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert other.stdin is not None
    assert other.stdout is not None
    other.stdin.write((json.dumps({"job": "ask", "port": job["port"]}) + "\n").encode())
    await other.stdout.readline()  # it has begun
    await _parent_looks("begin")
    began = time.perf_counter()
    for _ in range(job["letters"]):
        await smtp.letter(letters.SENDER, [address(job["user"])], body, lmtp=False)
        body = on_the_wire(letters.large_again(body))
    seconds = time.perf_counter() - began
    other.stdin.write(b"\n")
    waits: Figures = json.loads(await other.stdout.readline())["figures"]
    await other.wait()
    smtp.close()
    return {"seconds": seconds, "octets": float(len(body) * job["letters"]), **waits}


async def ask(job: dict[str, Any]) -> Figures:
    """NOOP without a pause until a line comes from who started this: how long was the longest wait."""
    smtp = await Smtp.connect(job["port"])
    await smtp.greet("EHLO")
    sys.stdout.write(json.dumps({"event": "begun"}) + "\n")
    sys.stdout.flush()
    stop = asyncio.ensure_future(asyncio.to_thread(sys.stdin.readline))
    waits: list[float] = []
    while not stop.done():
        began = time.perf_counter()
        smtp.transport.write(b"NOOP\r\n")
        await smtp.replies(1)
        waits.append(milliseconds(began))
        await asyncio.sleep(0.001)
    smtp.close()
    return {"wait_max": max(waits), "wait_p99": at(waits, 0.99)}


JOBS = {
    job.__name__: job
    for job in (deliver, fan_out, counts, first_view, reading, writing, searching, busy, idle, large, ask)
}


def main() -> None:
    """Run one job."""
    job = json.loads(sys.stdin.readline())
    figures = uvloop.run(JOBS[job.pop("job")](job))
    sys.stdout.write(json.dumps({"figures": figures}) + "\n")


if __name__ == "__main__":
    main()

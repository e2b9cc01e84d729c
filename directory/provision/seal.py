"""Passwords of a plan, hashed before anything is written: slow, in threads, outside any transaction."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from directory.model import AccountKind
from directory.passwords import first_password, hash_password
from directory.provision.plan import AccountPlan, NewAccount

WORKERS: Final = 4  # argon2 frees the GIL; more only spend memory, 19 MiB each

Progress = Callable[[int, int], None]
"""Told (done, all) while a long step goes on."""


def seal(
    plan: AccountPlan, *, make_first_passwords: bool = False, on_progress: Progress | None = None
) -> AccountPlan:
    """The plan with every password hashed.

    With `make_first_passwords`, those who sign in and were given none get one, kept in `password` for their slip; else
    they have no password until one is set.
    """
    creates = [_with_first_password(new) if make_first_passwords else new for new in plan.creates]
    waiting = [index for index, new in enumerate(creates) if new.password and new.password_hash is None]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="hash") as pool:
        hashes = pool.map(lambda index: hash_password(creates[index].password or ""), waiting)
        for done, (index, stored) in enumerate(zip(waiting, hashes, strict=True), 1):
            creates[index] = replace(creates[index], password_hash=stored)
            if on_progress is not None:
                on_progress(done, len(waiting))
    return replace(plan, creates=tuple(creates))


def _with_first_password(new: NewAccount) -> NewAccount:
    if not new.kind.signs_in or new.password or new.password_hash:
        return new
    return replace(new, password=first_password(), must_change=new.kind is AccountKind.PERSONAL)

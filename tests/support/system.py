"""Programs of the system that tests talk to: a missing one fails in CI and is a named skip elsewhere."""

from __future__ import annotations

import os
import shutil

import pytest

PLACES = ("/usr/sbin", "/usr/lib/postgresql/15/bin", "/usr/lib/dovecot", "/usr/lib/postfix/sbin")


def find(program: str) -> str | None:
    """The path of a program, also where Debian keeps daemons that are not on everyone's PATH."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *PLACES])
    return shutil.which(program, path=path)


def need(program: str, *, package: str) -> str:
    """The path of a program from a Debian package; without it the test skips by name, and fails in CI."""
    found = find(program)
    if found is not None:
        return found
    reason = f"{program} is missing: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)

"""`congvu serve` as those who run it know it (design §9)."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.support.service import Service


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("run") / "data").init() as service:
        service.add_people(["an"])
        yield service


@pytest.fixture
def service(installed):
    yield installed.start() if installed.process is None else installed
    installed.kill()


def processes_of(group: int) -> set[int]:
    """Processes of a group that are alive."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.add(int(status.parent.name))
    return found


def wait_until(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_first_page_and_the_figures_answer(service):
    assert urllib.request.urlopen(service.url("/")).status == 200
    figures = urllib.request.urlopen(f"http://127.0.0.1:{service.ports['metrics']}/metrics").read().decode()
    assert "congvu_queue_waiting 0.0" in figures
    assert "congvu_store_failed 0.0" in figures


def test_sigterm_ends_with_0(service):
    assert service.stop() == 0


def test_all_processes_are_in_one_group_and_die_with_the_supervisor(service):
    group = service.process.pid
    assert len(processes_of(group)) == 3
    os.kill(group, signal.SIGKILL)  # the supervisor alone
    service.process.wait(10)
    wait_until(lambda: not processes_of(group))


def test_a_process_that_dies_is_started_again(service):
    group = service.process.pid
    (first, second) = sorted(processes_of(group) - {group})
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: len(processes_of(group)) == 3 and first not in processes_of(group))
    assert second in processes_of(group)
    wait_until(lambda: answers(service))


def answers(service):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{service.ports['metrics']}/").status == 200
    except OSError:
        return False


def test_two_services_on_one_data_directory_are_refused(service):
    second = subprocess.run(
        [*command(service), "serve"],
        env=service.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert "Stop it first" in second.stderr


def command(service):
    return [sys.executable, "-m", "mailsvc", "--data", str(service.data)]


def test_other_commands_work_while_it_serves(service):
    assert service.must("queue", "list", "--json").strip() == "[]"
    service.must("verify")


def test_wrong_settings_are_told_all_at_once(installed):
    toml = installed.data / "congvu.toml"
    kept = toml.read_text()
    try:
        toml.write_text(kept + '\n[imap]\nlisten = "nowhere"\n[quota]\npersonal = "viel"\nfoo = 1\n')
        done = subprocess.run(
            [*command(installed), "verify"],
            env={
                name: value for name, value in installed.environ.items() if not name.startswith("CONGVU_IMAP")
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        toml.write_text(kept)
    assert done.returncode == 1
    assert all(name in done.stderr for name in ("imap.listen", "quota.personal", "quota.foo"))


def test_sighup_is_for_certificates_and_ends_nothing(service):
    service.process.send_signal(signal.SIGHUP)
    assert service.command("queue", "list").returncode == 0
    assert service.process.poll() is None

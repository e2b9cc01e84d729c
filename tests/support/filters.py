"""Debian's clamd and rspamd with a configuration of the test's own, on loopback, stopped by their own pid."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.service import free_ports
from tests.support.system import need

START_SECONDS = 60
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless octets that every scanner calls a virus."""
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""The line that every junk filter rejects."""
JUNK_WORD = "CONGVU-TEST-JUNK"
GREY_WORD = "CONGVU-TEST-GREY"


@contextmanager
def clamd(folder: Path, *, stream_octets: int = 1_000_000) -> Iterator[tuple[str, str]]:
    """Its addresses: TCP, and the unix socket; it knows one signature."""
    program = need("clamd", package="clamav-daemon")
    (folder / "db").mkdir(parents=True)
    (folder / "db" / "test.ndb").write_text(f"Congvu.Test.Eicar:0:*:{EICAR.hex()}\n", encoding="ascii")
    [port] = free_ports(1)
    config = folder / "clamd.conf"
    config.write_text(
        f"Foreground yes\nTCPSocket {port}\nTCPAddr 127.0.0.1\nLocalSocket {folder}/c.sock\n"
        f"DatabaseDirectory {folder}/db\nTemporaryDirectory {folder}\nStreamMaxLength {stream_octets}\n",
        encoding="ascii",
    )
    with _running([program, "-c", str(config)], port):
        yield f"127.0.0.1:{port}", f"unix:{folder}/c.sock"


@contextmanager
def rspamd(folder: Path) -> Iterator[str]:
    """The address of a normal worker without Redis, maps or DNS; two words of ours make it suspicious."""
    program = need("rspamd", package="rspamd")
    folder.mkdir(parents=True, exist_ok=True)
    [port] = free_ports(1)
    config = folder / "rspamd.conf"
    suffixes = folder / "suffixes.txt"  # the whole list of the world takes most of the start
    suffixes.write_text("example\nvn\n", encoding="ascii")
    config.write_text(
        f"""options {{
  url_tld = "{suffixes}";
  pidfile = "{folder}/pid"; tempdir = "{folder}"; hs_cache_dir = "{folder}"; filters = "regexp"; rrd = "";
  dns {{ nameserver = ["127.0.0.1:1:1"]; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "console"; level = "error"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
actions {{ reject = 15; add_header = 6; greylist = 4; }}
modules {{ path = "/usr/share/rspamd/plugins/"; }}
regexp {{
  CONGVU_JUNK {{ re = "/{JUNK_WORD}/{{body}}"; score = 8.0; }}
  CONGVU_GREY {{ re = "/{GREY_WORD}/{{body}}"; score = 4.5; }}
}}
""",
        encoding="ascii",
    )
    with _running([program, "-f", "-c", str(config), "--insecure"], port):
        yield f"127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        ends_at = time.monotonic() + START_SECONDS
        while True:
            assert process.poll() is None, f"{command[0]} ended"
            assert time.monotonic() < ends_at, f"{command[0]} does not accept"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            process.poll()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)

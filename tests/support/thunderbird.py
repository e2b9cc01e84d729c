"""Debian's Thunderbird, headless, driven by its own remote protocol (Marionette), as a user of the mail system."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

START_SECONDS = 60
SCRIPT_SECONDS = 60
PREFERENCES = """
user_pref("marionette.port", 0);
user_pref("app.update.enabled", false);
user_pref("mail.shell.checkDefaultClient", false);
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("mailnews.start_page.enabled", false);
user_pref("mail.server.default.check_all_folders_for_new", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.enabled", false);
user_pref("network.proxy.type", 0);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
"""


class Thunderbird:
    """One profile in one folder. `run` carries out a script of its inside and gives what that resolves to."""

    def __init__(self, folder: Path, **preferences: str) -> None:
        self._profile = folder / "profile"
        self._profile.mkdir(parents=True)
        extra = "".join(
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()
        )
        (self._profile / "user.js").write_text(PREFERENCES + extra)
        self._log = (folder / "thunderbird.log").open("wb")
        self._process = subprocess.Popen(
            ["thunderbird", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote",
             "--profile", str(self._profile)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, "HOME": str(folder)},
            start_new_session=True,
        )  # fmt: skip
        self._count = 0
        self._socket = socket.create_connection(("127.0.0.1", self._port()), START_SECONDS)
        self._socket.settimeout(SCRIPT_SECONDS + 30)
        self._file = self._socket.makefile("rb")
        self._read()
        self._ask("WebDriver:NewSession", {})
        self._ask("Marionette:SetContext", {"value": "chrome"})
        self._ask("WebDriver:SetTimeouts", {"script": SCRIPT_SECONDS * 1000})

    def run(self, script: str, *arguments: object) -> Any:
        """What an async function with this body gives; `args` are the arguments. Its exceptions are ours."""
        wrapped = (
            "const resolve = arguments[arguments.length - 1]; const args = [...arguments].slice(0, -1);"
            f"(async () => {{ {script} }})().then(value => resolve({{ value }}),"
            " error => resolve({ error: String(error) + ' ' + (error?.stack ?? '') }));"
        )
        answer = self._ask("WebDriver:ExecuteAsyncScript", {"script": wrapped, "args": list(arguments)})
        told = answer["value"]
        assert "error" not in told, told["error"]
        return told.get("value")

    def close(self) -> None:
        """End it with all that it started."""
        self._file.close()
        self._socket.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(20)
        self._log.close()

    def _port(self) -> int:
        told = self._profile / "MarionetteActivePort"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if told.exists() and (text := told.read_text().strip()):
                return int(text)
            assert self._process.poll() is None, "Thunderbird has ended"
            time.sleep(0.1)
        raise AssertionError("Thunderbird does not answer")

    def _ask(self, name: str, parameters: dict[str, object]) -> Any:
        self._count += 1
        octets = json.dumps([0, self._count, name, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(octets), octets))
        _, _, error, result = self._read()
        assert error is None, error
        return result

    def _read(self) -> Any:
        digits = b""
        while (octet := self._file.read(1)) != b":":
            assert octet, "Thunderbird has gone"
            digits += octet
        return json.loads(self._file.read(int(digits)))

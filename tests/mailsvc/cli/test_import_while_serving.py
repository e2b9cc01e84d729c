"""An import of thousands while letters arrive: no delivery waits a second for it."""

import json
import smtplib
import threading
import time
from pathlib import Path

import pytest

from directory.passwords import hash_password
from tests.support.service import Service

PEOPLE = 4_000
LETTER = "From: a@ngoai.example\r\nTo: x\r\nSubject: Thu {}\r\n\r\nNoi dung {}.\r\n"


class Postman(threading.Thread):
    """Delivers by LMTP one letter after the other and notes how long each took."""

    def __init__(self, port: int, recipient: str) -> None:
        super().__init__()
        self._port, self._recipient = port, recipient
        self.done = threading.Event()
        self.took: list[float] = []

    def run(self) -> None:
        with smtplib.LMTP("127.0.0.1", self._port) as lmtp:
            while not self.done.is_set():
                begins = time.perf_counter()
                number = len(self.took)
                refused = lmtp.sendmail("a@ngoai.example", [self._recipient], LETTER.format(number, number))
                self.took.append(time.perf_counter() - begins)
                assert refused == {}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_no_delivery_waits_a_second_while_thousands_of_accounts_are_made(tmp_path: Path) -> None:
    service = Service(tmp_path / "data", web=False).init()
    (tmp_path / "u.csv").write_text(
        "code,name,parent,tier,branch\nSYT,Sở Y tế,,province,state\n", encoding="utf-8"
    )
    service.must("unit", "import", str(tmp_path / "u.csv"), "--yes")
    service.must("account", "create", "an", "--unit", "SYT", "--name", "Nguyễn Văn An")
    stored = hash_password("Abc-12345")
    lines = "".join(f'a{n},Nguyễn Văn {n},SYT,personal,"{stored}"\n' for n in range(PEOPLE))
    (tmp_path / "a.csv").write_text(f"address,full_name,unit,kind,password_hash\n{lines}", encoding="utf-8")
    with service.start():
        postman = Postman(service.ports["lmtp"], f"an@{service.domain}")
        postman.start()
        try:
            made = json.loads(service.must("account", "import", str(tmp_path / "a.csv"), "--yes", "--json"))
            before = len(postman.took)
            undone = json.loads(service.must("plan", "undo", str(made["plan"]), "--json"))
        finally:
            postman.done.set()
            postman.join()
        assert (made["create"], undone["archived"]) == (PEOPLE, PEOPLE)
        assert before > 20
        assert max(postman.took[:before]) < 1.0, sorted(postman.took[:before])[-5:]

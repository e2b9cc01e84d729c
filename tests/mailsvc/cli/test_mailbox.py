"""`congvu mailbox export` and `import`."""

import zipfile

PEOPLE = """address,full_name,unit,kind,password
an@lamdong.gov.vn,Nguyễn Văn An,SYT,personal,Mat-khau-1
"""


def test_letters_go_out_and_come_in(province, tmp_path):
    assert province("account", "import", "p.csv", "--yes", files={"p.csv": PEOPLE}).code == 0
    (tmp_path / "cu.eml").write_bytes(b"Subject: cu\r\n\r\nnoi dung\r\n")
    came = province(
        "mailbox", "import", "an@lamdong.gov.vn", str(tmp_path / "cu.eml"), "--into", "Cũ", "--json"
    )
    assert came.json["mailboxes"] == {"Cũ": 1}
    out = tmp_path / "an.zip"
    assert province("mailbox", "export", "an@lamdong.gov.vn", str(out)).code == 0
    with zipfile.ZipFile(out) as archive:
        assert archive.read("Cũ/00000001.eml") == b"Subject: cu\r\n\r\nnoi dung\r\n"
    assert "mailbox.export" in province("audit", "list", "--json").out
    again = province("mailbox", "export", "an@lamdong.gov.vn", str(out))
    assert again.code == 1
    assert "is there already" in again.err
    nobody = province("mailbox", "export", "nobody", str(tmp_path / "x"))
    assert nobody.code == 1
    assert "there is no box nobody" in nobody.err


def test_a_box_comes_back_out_of_an_encrypted_backup(province, tmp_path):
    assert province("account", "import", "p.csv", "--yes", files={"p.csv": PEOPLE}).code == 0
    (tmp_path / "cu.eml").write_bytes(b"Subject: cu\r\nMessage-ID: <cu@x.example>\r\n\r\nnoi dung\r\n")
    province("mailbox", "import", "an@lamdong.gov.vn", str(tmp_path / "cu.eml"))
    copies, words = str(tmp_path / "copies"), "mot cau that dai\n"
    assert province("backup", copies, "--passphrase-stdin", stdin="ngan\n").code == 1
    assert province("backup", copies, "--passphrase-stdin", stdin=words).code == 0
    assert "are encrypted" in province("restore", copies, "--list").err
    assert len(province("restore", copies, "--list", "--json", "--passphrase-stdin", stdin=words).json) == 1
    back = province(
        "restore",
        copies,
        "--box",
        "an@lamdong.gov.vn",
        "--message-id",
        "cu@x.example",
        "--passphrase-stdin",
        "--json",
        stdin=words,
    )
    assert (back.json["restored"], back.json["here_already"]) == (0, 1)
    none = province(
        "restore", copies, "--before", "2020-01-01", "--box", "an", "--passphrase-stdin", stdin=words
    )
    assert none.code == 1
    assert province("restore", copies, "--mailbox", "INBOX", "--passphrase-stdin", stdin=words).code == 2

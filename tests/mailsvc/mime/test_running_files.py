"""Attached files that run are found by name and content; ordinary ones are left alone."""

import io
import time
import zipfile
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsvc.mime.running_files import MAX_UNPACKED, Kind, RunningFile, running_files

PROGRAM = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + bytes(200)
LINK = b"L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F" + bytes(60)
DISK = bytes(0x8001) + b"CD001" + bytes(2000)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
OLE_MACROS = OLE + "_VBA_PROJECT".encode("utf-16-le") + bytes(100)


def packed(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), octets)
    return out.getvalue()


def letter(octets, name="tep.bin", subtype="octet-stream"):
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content("hi")
    message.add_attachment(octets, maintype="application", subtype=subtype, filename=name)
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def kinds(octets, name="tep.bin"):
    return [one.kind for one in running_files(letter(octets, name))]


@pytest.mark.parametrize(
    "name",
    ["a.exe", "A.EXE", "hoa don.pdf.scr", "a.js", "a.vbs", "a.lnk", "a.iso", "a.exe. ", "hợp đồng.bat"],
)
def test_names_of_programs(name):
    assert kinds(b"x", name) == [Kind.EXECUTABLE]


@pytest.mark.parametrize("octets", [PROGRAM, LINK, DISK, b"\x7fELF" + bytes(50)])
def test_programs_under_an_innocent_name(octets):
    assert kinds(octets, "ke hoach.pdf") == [Kind.EXECUTABLE]


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"x", "a.docm"),
        (b"x", "a.XLSM"),
        (OLE_MACROS, "a.doc"),
        (packed(word__document_xml=b"<x/>", word__vbaProject_bin=b"x"), "a.docx"),
        (packed(a_doc=OLE_MACROS), "a.zip"),
        (packed(a_docx=packed(word__vbaProject_bin=b"x")), "a.zip"),
    ],
)
def test_documents_with_macros(octets, name):
    assert kinds(octets, name) == [Kind.MACROS]


@pytest.mark.parametrize(
    "members", [{"a_exe": b"x"}, {"thu__a_js": b"x"}, {"a_txt": PROGRAM}, {"a_txt": b"x", "b_lnk": b"x"}]
)
def test_programs_in_an_archive(members):
    assert kinds(packed(**members), "a.zip") == [Kind.EXECUTABLE]


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"%PDF-1.7 x", "a.pdf"),
        (b"MZ is how this text begins, and it goes on for more than sixty octets, as texts do", "a.txt"),
        (OLE, "a.doc"),
        (packed(word__document_xml=b"<x/>"), "a.docx"),
        (packed(a_pdf=b"%PDF", b_docx=packed(word__document_xml=b"<x/>")), "a.zip"),
        (b"PK\x03\x04 and nothing that could be unpacked", "a.zip"),
        (b"x", "com"),
    ],
)
def test_ordinary_files_are_left_alone(octets, name):
    assert kinds(octets, name) == []


def test_a_file_in_an_enclosed_letter_is_found_and_named():
    outer = EmailMessage()
    outer.set_content("hi")
    inner = EmailMessage()
    inner.add_attachment(b"x", maintype="application", subtype="x", filename="chạy.exe")
    outer.add_attachment(inner)
    assert running_files(outer.as_bytes()) == (RunningFile("chạy.exe", Kind.EXECUTABLE),)


def test_a_bomb_is_unpacked_no_further_than_the_bound():
    members = {f"f{number}_doc": OLE[:8] + bytes(MAX_UNPACKED) for number in range(4)}
    started = time.monotonic()
    assert kinds(packed(**members), "a.zip") == []
    assert time.monotonic() - started < 20


def test_a_member_that_wants_a_gigabyte_to_be_unpacked_is_not_unpacked():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", PROGRAM)
        archive.writestr("b.exe", b"x")
    octets = bytearray(out.getvalue())
    octets[40:44] = b"\xff\xff\xff\xff"  # the dictionary size in the properties of a.txt
    assert kinds(bytes(octets), "a.zip") == [Kind.EXECUTABLE]


@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    whole=st.sampled_from([packed(a_txt=b"abc" * 50, b_doc=OLE_MACROS), packed(b_docx=packed(x_xml=b"y"))]),
)
def test_whatever_an_archive_holds_nothing_is_raised(changes, whole):
    octets = bytearray(whole)
    for at, value in changes:
        octets[at % len(octets)] = value
    running_files(letter(b"PK\x03\x04" + bytes(octets[4:]), "a.zip"))


def test_a_member_without_a_name_is_no_trouble():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"abc")
        archive.writestr("a.exe", b"x")
    assert kinds(out.getvalue(), "a.zip") == [Kind.EXECUTABLE]


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_broken_archives_raise_nothing(cut):
    running_files(letter(packed(a_txt=b"abc" * 100, b_docx=packed(x_xml=b"y"))[: -cut or None], "a.zip"))

"""Letters for the measurements: Vietnamese office mail, no two alike, the same for every side."""

from __future__ import annotations

import base64
import random

WORDS = [
    "kính",
    "gửi",
    "ủy",
    "ban",
    "nhân",
    "dân",
    "xã",
    "phường",
    "báo",
    "cáo",
    "kết",
    "quả",
    "triển",
    "khai",
    "công",
    "tác",
    "phòng",
    "chống",
    "bão",
    "số",
    "năm",
    "đề",
    "nghị",
    "các",
    "đơn",
    "vị",
    "khẩn",
    "trương",
    "thực",
    "hiện",
    "văn",
    "bản",
    "chỉ",
    "đạo",
    "của",
    "tỉnh",
    "về",
    "việc",
    "bảo",
    "đảm",
    "an",
    "toàn",
    "cho",
    "người",
    "dân",
    "tại",
    "khu",
    "vực",
    "hồ",
    "chứa",
    "nước",
    "đường",
    "giao",
    "thông",
    "nông",
    "thôn",
    "trường",
    "học",
    "trạm",
    "y",
    "tế",
    "danh",
    "sách",
    "hộ",
    "nghèo",
    "kế",
    "hoạch",
    "kinh",
    "phí",
    "quý",
    "tư",
    "năm",
    "nay",
    "trân",
    "trọng",
]
SYLLABLES = (
    "thanh",
    "bình",
    "minh",
    "hưng",
    "phú",
    "lộc",
    "an",
    "hải",
    "sơn",
    "đức",
    "hòa",
    "tân",
    "mỹ",
    "long",
)
RARE = "xyzquatang"  # stands in one letter of a hundred, for the searches
SENDER = "office@outside.test"


def _paragraphs(chance: random.Random, octets: int) -> str:
    lines: list[str] = []
    size = 0
    while size < octets:
        line = " ".join(chance.choice(WORDS) for _ in range(12)) + f" {chance.getrandbits(48):012x}"
        lines.append(line)
        size += len(line.encode()) + 2
    return "\r\n".join(lines)


def small(number: int, *, octets: int = 4096, seed: int = 0) -> bytes:
    """A plain letter of about 4 KB; every hundredth holds a rare word."""
    chance = random.Random(f"{seed}/{number}")
    who = f"{chance.choice(SYLLABLES)}.{chance.choice(SYLLABLES)}{chance.randrange(1000)}"
    rare = f"\r\n{RARE}\r\n" if number % 100 == 7 else "\r\n"
    subject = base64.b64encode(f"Báo cáo số {number}/BC-UBND về bão".encode()).decode()
    head = (
        f"From: =?utf-8?B?{base64.b64encode('Văn phòng'.encode()).decode()}?= <{who}@outside.test>\r\n"
        f"To: Bench <someone@bench.test>\r\n"
        f"Subject: =?utf-8?B?{subject}?=\r\n"
        f"Date: Mon, 02 Nov 2026 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0700\r\n"
        f"Message-ID: <{seed}.{number}.{chance.getrandbits(64):x}@outside.test>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    body = _paragraphs(chance, octets - len(head) - 40)
    return (head + body + rare).encode()


def large_again(body: bytes) -> bytes:
    """Another large letter, as fast as can be made: its first line of base64 is the last one's, turned round."""
    start = body.index(b"base64\r\n\r\n") + 10
    line = body[start : start + 76]
    return body[:start] + line[1:] + line[:1] + body[start + 76 : -3]


def large(*, octets: int = 5 * 1024 * 1024, seed: int = 1) -> bytes:
    """A directive with an attachment of 5 MB in base64 (6.85 MB on the wire), as a scanned PDF is."""
    chance = random.Random(seed)
    attached = base64.encodebytes(chance.randbytes(octets)).replace(b"\n", b"\r\n")
    head = small(seed, octets=1200, seed=99).split(b"\r\n\r\n", 1)[0]
    head = head.replace(b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit", b"")
    return (
        head
        + b'Content-Type: multipart/mixed; boundary="ranh-gioi"\r\n\r\n'
        + b"--ranh-gioi\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + _paragraphs(chance, 1000).encode()
        + b'\r\n--ranh-gioi\r\nContent-Type: application/pdf; name="chi-thi.pdf"\r\n'
        + b'Content-Disposition: attachment; filename="chi-thi.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + attached
        + b"--ranh-gioi--\r\n"
    )

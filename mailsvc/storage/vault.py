"""How a folder of backups keeps octets: as they are, or sealed with a key (AES-256-GCM, NIST SP 800-38D).

The key is a file of 32 octets, or comes from a passphrase by scrypt (RFC 7914). What is sealed is a row of frames, each
with its place in the plain octets, so that a segment can grow by frames and be read from its beginning.
"""

from __future__ import annotations

import json
import os
from struct import Struct
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from mailsvc.storage.backup_files import BackupRefused, copy_range, write_whole

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE = "key.json"
KEY_OCTETS = 32
NONCE_OCTETS, TAG_OCTETS = 12, 16
FRAME = Struct(">QI")
"""Place and length of the plain octets; bound to them as associated data."""
FRAME_OCTETS = 1 << 20
SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 16, 8, 1
CHECK = b"congvu backup"


class Plain:
    """Octets as they are."""

    is_sealed = False

    def seal(self, octets: bytes) -> bytes:
        """What is stored for these octets."""
        return octets

    def open(self, stored: bytes, _what: str) -> bytes:
        """The octets again."""
        return stored

    def append(self, source: int, target: int, start: int, end: int, at: int) -> tuple[int, int]:
        """A range of a file to the place `at` of another: (octets there were, where the stored ones end)."""
        assert at == start
        copied = copy_range(source, target, start, end)
        return copied, at + copied

    def extract(self, source: int, target: int, length: int) -> int:
        """The first octets of what was appended; how many there were."""
        return copy_range(source, target, 0, length)

    def tail(self, source: int, start: int, _at: int, octets: int) -> bytes:
        """The last plain octets before `start`."""
        octets = min(octets, start)
        return os.pread(source, octets, start - octets)


class Sealed(Plain):
    """Octets under a key; whoever has the folder alone learns sizes and times, nothing else."""

    is_sealed = True

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, octets: bytes) -> bytes:
        """Nonce, cipher text and tag."""
        return self._seal(octets, b"")

    def open(self, stored: bytes, what: str) -> bytes:
        """The octets; BackupRefused where anybody has changed them, or the key is another one."""
        return self._open(stored, b"", what)

    def append(self, source: int, target: int, start: int, end: int, at: int) -> tuple[int, int]:
        """A range as frames."""
        place = start
        while place < end:
            octets = os.pread(source, min(FRAME_OCTETS, end - place), place)
            if not octets:
                break
            head = FRAME.pack(place, len(octets))
            at += _write(target, head + self._seal(octets, head), at)
            place += len(octets)
        return place - start, at

    def extract(self, source: int, target: int, length: int) -> int:
        """The frames' octets, as far as `length`."""
        at = place = 0
        while place < length:
            head = os.pread(source, FRAME.size, at)
            if len(head) < FRAME.size:
                break
            begins, octets = FRAME.unpack(head)
            stored = os.pread(source, NONCE_OCTETS + octets + TAG_OCTETS, at + FRAME.size)
            if begins != place:
                raise _changed("segment")
            plain = self._open(stored, head, "segment")[: length - place]
            _write(target, plain, place)
            place += len(plain)
            at += FRAME.size + NONCE_OCTETS + octets + TAG_OCTETS
        return place

    def tail(self, source: int, start: int, at: int, octets: int) -> bytes:
        """The last octets of the frame that ends at `at`."""
        position, last = 0, b""
        while position < at:
            head = os.pread(source, FRAME.size, position)
            if len(head) < FRAME.size:
                raise _changed("segment")
            begins, length = FRAME.unpack(head)
            if begins + length == start:
                stored = os.pread(source, NONCE_OCTETS + length + TAG_OCTETS, position + FRAME.size)
                last = self._open(stored, head, "segment")[-octets:]
            position += FRAME.size + NONCE_OCTETS + length + TAG_OCTETS
        return last

    def _seal(self, octets: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(NONCE_OCTETS)
        return nonce + self._cipher.encrypt(nonce, octets, bound)

    def _open(self, stored: bytes, bound: bytes, what: str) -> bytes:
        try:
            return self._cipher.decrypt(stored[:NONCE_OCTETS], stored[NONCE_OCTETS:], bound)
        except (InvalidTag, ValueError) as error:
            raise _changed(what) from error


def _write(target: int, octets: bytes, at: int) -> int:
    view = memoryview(octets)
    while view:
        written = os.pwrite(target, view, at)
        at += written
        view = view[written:]
    return len(octets)


def _changed(what: str) -> BackupRefused:
    return BackupRefused(
        f"{what}: không mở được bằng khóa này, hoặc đã bị sửa. Kiểm tra khóa; chọn bản khác.",
        f"{what}: this key does not open it, or somebody changed it. Check the key; choose another backup.",
    )


# -- keys


def vault_of(folder: Path, secret: bytes | None) -> Plain:
    """The vault of a folder of backups: `secret` is a key of 32 octets or a passphrase; None where there is none.

    The first backup of a folder decides whether it is sealed. BackupRefused where the secret is missing or another one.
    """
    path = folder / KEY_FILE
    if not path.exists():
        if secret is None:
            return Plain()
        if (folder / "backups").exists() and any((folder / "backups").iterdir()):
            raise BackupRefused(
                f"Các bản sao lưu ở {folder} không mã hóa. Chọn một thư mục mới cho bản mã hóa.",
                f"The backups in {folder} are not encrypted. Choose a new folder for encrypted ones.",
            )
        return _new_vault(path, secret)
    if secret is None:
        raise BackupRefused(
            f"Các bản sao lưu ở {folder} đã mã hóa: cần --key-file hoặc --passphrase-stdin.",
            f"The backups in {folder} are encrypted: --key-file or --passphrase-stdin is needed.",
        )
    try:
        held = json.loads(path.read_bytes())
        vault = Sealed(_key(secret, held["kdf"], bytes.fromhex(held["salt"]), held["n"]))
        check = bytes.fromhex(held["check"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"{path} hỏng.", f"{path} is damaged.") from error
    vault.open(check, str(path))
    return vault


def _new_vault(path: Path, secret: bytes) -> Sealed:
    kdf = "none" if len(secret) == KEY_OCTETS else "scrypt"
    salt = os.urandom(16)
    vault = Sealed(_key(secret, kdf, salt, SCRYPT_N))
    body = {"kdf": kdf, "salt": salt.hex(), "n": SCRYPT_N, "check": vault.seal(CHECK).hex()}
    write_whole(path, json.dumps(body).encode())
    return vault


def _key(secret: bytes, kdf: str, salt: bytes, n: int) -> bytes:
    if kdf == "none":
        if len(secret) != KEY_OCTETS:
            raise BackupRefused(
                f"Tệp khóa phải có đúng {KEY_OCTETS} octet.", f"A key file has exactly {KEY_OCTETS} octets."
            )
        return secret
    return Scrypt(salt=salt, length=KEY_OCTETS, n=min(n, 1 << 20), r=SCRYPT_R, p=SCRYPT_P).derive(secret)

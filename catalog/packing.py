"""Files packed by their suffix: .gz, .zip or plain. Neither unpacked nor packed does one exceed its limit."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

DIRECTORY_MAX_BYTES = 65_536  # of a zip: an entry is an object in memory, and we want one
END_OF_ZIP = b"PK\x05\x06"
END_OF_ZIP_BYTES = 22
ZIP64_LOCATOR = b"PK\x06\x07"
GZIP = b"\x1f\x8b"
MEDIA_TYPES = {".gz": "application/gzip", ".zip": "application/zip", "": "application/json"}


class Unpackable(Exception):
    """A file that is not what its suffix says, or too large."""


def suffix_of(url: str) -> str:
    """`.gz`, `.zip`, or nothing for any other."""
    suffix = PurePosixPath(unquote(urlsplit(url).path)).suffix.lower()
    return suffix if suffix in (".gz", ".zip") else ""


def unpacked(raw: bytes, suffix: str, limit: int) -> bytes:
    """Raises Unpackable."""
    try:
        made = UNPACKERS[suffix](raw, limit)
    except (zlib.error, zipfile.BadZipFile, struct.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unpackable(f"the file is no sound {suffix} file: {error}") from None
    if len(made) > limit:
        raise Unpackable(f"the file is larger than {limit} bytes")
    return made


def _gunzipped(raw: bytes, limit: int) -> bytes:
    if not raw.startswith(GZIP):
        raise Unpackable("the file is no .gz file")
    made = bytearray()
    while raw.startswith(GZIP) and len(made) <= limit:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        made += unpacker.decompress(raw, limit + 1 - len(made))
        if not unpacker.eof and len(made) <= limit:
            raise EOFError("it ends too early")
        raw = unpacker.unused_data
    return bytes(made)


def _unzipped(raw: bytes, limit: int) -> bytes:
    _check_directory(raw)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        files = [each for each in archive.infolist() if not each.is_dir()]
        if len(files) != 1:
            raise Unpackable(f"the .zip file must hold one file, not {len(files)}")
        if files[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unpackable("the .zip file is packed in a way that is not understood here")
        with archive.open(files[0]) as member:
            return member.read(limit + 1)


def _check_directory(raw: bytes) -> None:
    """Raises Unpackable before `zipfile` makes an object of each of a million entries."""
    at = raw.rfind(END_OF_ZIP)
    end = raw[at : at + END_OF_ZIP_BYTES]
    if at < 0 or len(end) < END_OF_ZIP_BYTES:
        raise Unpackable("the file is no .zip file")
    (size,) = struct.unpack_from("<L", end, 12)
    if size > DIRECTORY_MAX_BYTES or ZIP64_LOCATOR in raw[max(0, at - 20) : at]:
        raise Unpackable("the .zip file must hold one file")


def _plain(raw: bytes, limit: int) -> bytes:
    return raw


UNPACKERS: dict[str, Callable[[bytes, int], bytes]] = {".gz": _gunzipped, ".zip": _unzipped, "": _plain}


class _Bounded(io.BytesIO):
    """What is written to it is kept, up to its limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(data) > self._limit:
            raise Unpackable(f"the file would be larger than {self._limit} bytes")
        return super().write(data)


def packed(pieces: Iterable[bytes], suffix: str, name: str, limit: int) -> bytes:
    """The pieces in one file; `name` is that of the only member of a zip. Raises Unpackable when it gets too large."""
    made = _Bounded(limit)
    match suffix:
        case ".gz":
            with gzip.GzipFile(filename="", mode="wb", fileobj=made, mtime=0) as file:
                file.writelines(pieces)
        case ".zip":
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
                member.writelines(pieces)
        case _:
            for piece in pieces:
                made.write(piece)
    return made.getvalue()

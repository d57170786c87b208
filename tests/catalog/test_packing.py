"""Files packed and unpacked by their suffix, within their limit."""

import gzip
import io
import struct
import zipfile

import pytest

from catalog.packing import Unpackable, packed, suffix_of, unpacked

TEXT = b'[{"name": "Internet"}]'


def zipped(*names: str, content: bytes = TEXT, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name in names:
            archive.writestr(name, b"" if name.endswith("/") else content)
    return made.getvalue()


def gzipped(raw: bytes) -> bytes:
    """Without the time of day, so that a test has the same name in every process."""
    return gzip.compress(raw, mtime=0)


@pytest.mark.parametrize(
    ("url", "suffix"),
    [
        ("http://a/x.json", ""), ("http://a/x.json.gz", ".gz"), ("http://a/X.GZ?sig=a.zip", ".gz"),
        ("http://a/x.zip", ".zip"), ("http://a/x%2Ezip", ".zip"), ("http://a.zip/", ""), ("http://a/x?y.gz", ""),
    ],
)  # fmt: skip
def test_it_reads_the_suffix_of_the_path(url: str, suffix: str) -> None:
    assert suffix_of(url) == suffix


@pytest.mark.parametrize("suffix", ["", ".gz", ".zip"])
def test_it_unpacks_what_it_packed(suffix: str) -> None:
    file = packed([TEXT, b"", TEXT], suffix, "x.json", 10_000)
    assert unpacked(file, suffix, 10_000) == TEXT + TEXT


@pytest.mark.parametrize(
    ("raw", "suffix"),
    [
        (gzipped(TEXT), ".gz"),
        (gzipped(TEXT[:5]) + gzipped(TEXT[5:]), ".gz"),
        (gzipped(TEXT) + b"\0" * 20, ".gz"),
        (zipped("x.json"), ".zip"),
        (zipped("folder/", "folder/x.json"), ".zip"),
        (zipped("x.json", method=zipfile.ZIP_STORED), ".zip"),
        (TEXT, ""),
    ],
)
def test_it_unpacks_a_sound_file(raw: bytes, suffix: str) -> None:
    assert unpacked(raw, suffix, len(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("raw", "suffix", "words"),
    [
        (TEXT, ".gz", "no .gz"),
        (gzipped(TEXT)[:-9], ".gz", "sound .gz"),
        (gzipped(TEXT)[:-8] + b"\0" * 8, ".gz", "sound .gz"),
        (gzipped(b"a" * 10_000_000), ".gz", "larger"),
        (b"".join([gzipped(b"a" * 100)] * 100), ".gz", "larger"),
        (TEXT, ".zip", "no .zip"),
        (zipped("x.json")[:-30], ".zip", ".zip"),
        (zipped("x.json", content=b"a" * 10_000_000), ".zip", "larger"),
        (zipped(), ".zip", "one file"),
        (zipped("a.json", "b.json"), ".zip", "one file"),
        (zipped(*[f"{n}.json" for n in range(2000)]), ".zip", "one file"),
        (zipped("x.json", method=zipfile.ZIP_LZMA), ".zip", "not understood"),
        (zipped("x.json", method=zipfile.ZIP_STORED).replace(TEXT[:4], b"????"), ".zip", "sound .zip"),
        (b"a" * 1001, "", "larger"),
    ],
)
def test_it_refuses_a_file_that_is_unsound_or_too_large(raw: bytes, suffix: str, words: str) -> None:
    with pytest.raises(Unpackable, match=words):
        unpacked(raw, suffix, 1000)


def test_it_refuses_a_zip_that_lies_about_its_sizes() -> None:
    raw = bytearray(zipped("x.json", content=b"a" * 5000))
    at = raw.rfind(b"PK\1\2")
    struct.pack_into("<L", raw, at + 24, 10)
    with pytest.raises(Unpackable):
        unpacked(bytes(raw), ".zip", 1000)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zip"])
def test_it_packs_no_more_than_its_limit(suffix: str) -> None:
    noise = (bytes(f"{n * 7919 % 99991}", "ascii") for n in range(100_000))
    with pytest.raises(Unpackable, match="larger"):
        packed(noise, suffix, "x.json", 5000)

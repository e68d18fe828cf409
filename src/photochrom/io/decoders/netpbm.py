"""Netpbm's PBM, PGM, PPM and PAM, and PFM; Pillow, which reads them as well, takes half of 16 bits away."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from photochrom.io.raster import Raster
from photochrom.io.source import Source, damaged, first_bytes, open_source, read_all

__all__ = ["open_netpbm"]

_LONGEST_HEADER = 4096
_FIELD = re.compile(rb"(?:[ \t\r\n]+|#[^\r\n]*[\r\n])*([^ \t\r\n#]+)")
_PAM_LINE = re.compile(rb"[ \t]*(?:#[^\n]*|([A-Z]+)[ \t]+([^\n]*?))[ \t\r]*\n")
_NEXT = re.compile(rb"P[1-7][ \t\r\n#]")
_LONGEST = 10_000_000  # pixels of a side that libvips takes


class _Header(NamedTuple):
    kind: bytes
    width: int
    height: int
    bands: int
    most: int  # the sample that is white
    begin: int  # of the samples
    order: str = ">"


def open_netpbm(source: Source, name: str) -> Raster:
    """Open a file; no more than its header is read.

    Raises:
        PhotoError: if it is damaged.
    """
    try:
        header = _read_header(first_bytes(source, name, _LONGEST_HEADER))
    except ValueError as error:
        raise damaged(name, error) from error
    is_float = header.kind in (b"Pf", b"PF")
    dtype = np.dtype(np.float32 if is_float else np.uint8 if header.most < 256 else np.uint16)

    def decode() -> NDArray[Any]:
        return _decode(read_all(source, name=name), header)

    samples = header.height * header.width * header.bands
    as_text = header.kind in (b"P1", b"P2", b"P3")
    return Raster(
        name,
        ".pfm" if is_float else ".pgm",
        header.height,
        header.width,
        header.bands,
        dtype,
        samples * (80 if as_text else 4 * dtype.itemsize),  # a number of text is a Python object for a while
        decode,
        bits=16 if is_float else max(1, header.most.bit_length()),
        notes=_notes(source, name, header),
    )


def _notes(source: Source, name: str, header: _Header) -> tuple[str, ...]:
    """Say whether further pictures follow, as they may where samples are no text (pgm(5))."""
    if header.kind not in (b"P4", b"P5", b"P6", b"P7"):
        return ()
    row = header.width * header.bands * (2 if header.most > 255 else 1)
    with open_source(source, name) as file:
        file.seek(header.begin + header.height * (-(-header.width // 8) if header.kind == b"P4" else row))
        behind = file.read(16).lstrip()
    if not _NEXT.match(behind):
        return ()
    return ("has further pictures behind the first, which are left out",)


def _read_header(begin: bytes) -> _Header:
    kind, at = begin[:2], 2
    if kind == b"P7":
        return _read_pam(begin)

    def number() -> bytes:
        nonlocal at
        match = _FIELD.match(begin, at)
        if match is None:
            raise ValueError("its header is cut short")
        at = match.end()
        return match[1]

    width, height = (_whole(number(), _LONGEST) for _ in range(2))
    bands = 3 if kind in (b"P3", b"P6", b"PF") else 1
    if kind in (b"Pf", b"PF"):
        scale = float(number())
        return _Header(kind, width, height, bands, 1, at + 1, "<" if scale < 0 else ">")
    most = 1 if kind in (b"P1", b"P4") else _whole(number(), 65535)
    return _Header(kind, width, height, bands, most, at + 1)


def _read_pam(begin: bytes) -> _Header:
    said: dict[bytes, bytes] = {}
    at = begin.index(b"\n") + 1
    while not begin.startswith(b"ENDHDR", at):
        match = _PAM_LINE.match(begin, at)
        if match is None:
            raise ValueError("its header is cut short")
        if match[1]:
            said[match[1]] = match[2]
        at = match.end()
    width, height, bands, most = (
        _whole(said.get(key, b""), limit)
        for key, limit in ((b"WIDTH", _LONGEST), (b"HEIGHT", _LONGEST), (b"DEPTH", 4), (b"MAXVAL", 65535))
    )
    return _Header(b"P7", width, height, bands, most, begin.index(b"\n", at) + 1)


def _whole(text: bytes, limit: int) -> int:
    if not text.isdigit() or len(text) > 12 or not 1 <= int(text) <= limit:
        raise ValueError(f"{text[:20].decode('ascii', 'replace')} is no number from 1 to {limit:,}")
    return int(text)


def _decode(content: bytes, header: _Header) -> NDArray[Any]:
    shape = header.height, header.width, header.bands
    if header.kind in (b"Pf", b"PF"):  # from the lowest row up
        return _samples(content, header, f"{header.order}f4", shape)[::-1].astype(np.float32)
    if header.kind == b"P4":
        rows = _samples(content, header, "u1", (header.height, -(-header.width // 8)))
        return (1 - np.unpackbits(rows, axis=1, count=header.width)) * np.uint8(255)
    if header.kind == b"P1":  # digits that need no space between them
        text = re.sub(rb"#[^\r\n]*|\s+", b"", content[header.begin - 1 :])
        digits = np.frombuffer(text, "u1", count=header.height * header.width).reshape(shape)
        return np.where(digits == ord("1"), 0, 255).astype(np.uint8)
    if header.kind in (b"P2", b"P3"):
        text = re.sub(rb"#[^\r\n]*", b"", content[header.begin - 1 :])
        count = header.height * header.width * header.bands
        numbers = np.array(text.split(None, count)[:count], dtype=np.int64).reshape(shape)
        if numbers.min() < 0 or numbers.max() > header.most:
            raise ValueError(f"a sample is beyond {header.most}")
        return _white(numbers.astype(np.uint16), header.most)
    return _white(_samples(content, header, ">u2" if header.most > 255 else "u1", shape), header.most)


def _samples(content: bytes, header: _Header, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    count = int(np.prod(shape))
    if len(content) - header.begin < count * np.dtype(dtype).itemsize:
        raise ValueError(f"{count:,} samples are not there")
    return np.frombuffer(content, dtype, count=count, offset=header.begin).reshape(shape)


def _white(samples: NDArray[Any], most: int) -> NDArray[Any]:
    """Scale samples so that `most` becomes white: 255 up to there, and 65535 beyond."""
    to, full = (np.uint8, 255) if most < 256 else (np.uint16, 65535)
    table = (np.arange(most + 1, dtype=np.uint64) * full + most // 2) // most
    white: NDArray[Any] = table.astype(to)[np.minimum(samples, most)]
    return white

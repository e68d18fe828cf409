"""Uploads that mean no good."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.server.responses import attachment
from photochrom.server.upload import display_name
from server_checks import check_problem


def jpeg() -> bytes:
    buffer = BytesIO()
    PIL.Image.fromarray(np.random.default_rng(1).integers(0, 255, (80, 80), np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


def png_bomb(height: int, width: int) -> bytes:
    """A PNG whose few bytes are a great many pixels, all of them black."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


SVG = b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script><text>&x;</text></svg>"""
MVG = b"push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 'https://127.0.0.1/x.png'\npop graphic-context"

HOSTILE = {
    "empty": b"",
    "text": b"hello",
    "svg with a script": SVG,
    "mvg": MVG,
    "pdf": b"%PDF-1.4\n1 0 obj<<>>endobj",
    "postscript": b"%!PS\n(/etc/passwd) run",
    "libvips' own": b"\xb6\xa6\xf2\x08" + bytes(100),
    "html": b"<html><script>alert(1)</script></html>",
    "zip": b"PK\x03\x04" + bytes(50),
    "only a magic number": b"\xff\xd8\xff",
    "cut short": jpeg()[:1500],
    "with its middle missing": jpeg()[:400] + jpeg()[3000:],
    "png cut short": png_bomb(300, 300)[:120],
    "tiff that refers to itself": b"II*\x00\x08\x00\x00\x00\x01\x00"
    + struct.pack("<HHII", 0x14A, 4, 1, 8)
    + b"\x08\x00\x00\x00",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_photo_is_refused(service: Any, kind: str) -> None:
    before = len(service.files)
    for path in ("/v1/photos", "/v1/colorize"):
        check_problem(
            service.client.post(path, files={"photo": ("my photo.jpg", HOSTILE[kind])}), 415, "my photo.jpg: "
        )
    assert len(service.files) == before
    assert service.client.get("/readyz").status_code == 200


def test_bombs_do_not_go_off(service: Any) -> None:
    check_problem(service.client.post("/v1/colorize", content=png_bomb(20_000, 20_000)), 413, "400,000,000 pixels")
    header = bytearray(png_bomb(2, 2))
    header[16:24] = struct.pack(">II", 2**31 - 1, 2**31 - 1)
    header[29:33] = struct.pack(">I", zlib.crc32(bytes(header[12:29])))
    answer = service.client.post("/v1/photos", content=bytes(header))
    assert answer.status_code in (413, 415)
    check_problem(answer, answer.status_code)


def test_a_polyglot_comes_back_as_a_photo_alone(service: Any) -> None:
    script = b"<script>alert(1)</script>"
    answer = service.client.post("/v1/colorize", files={"photo": ("x.html", jpeg() + script)})
    if answer.status_code == 200:
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["content-disposition"].endswith('filename="x.jpg"')
        assert script not in answer.content
    else:
        check_problem(answer, 415)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_a_type_says_does_not_count(service: Any, photo: bytes) -> None:
    answer = service.client.post("/v1/colorize", content=photo, headers={"content-type": "text/html"})
    assert answer.headers["content-type"] == "image/png"
    answer = service.client.post("/v1/photos", content=SVG, headers={"content-type": "image/png"})
    check_problem(answer, 415)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/static/%00",
        "/v1/photos/..%2f..%2fetc%2fpasswd",
        "/v1/photos/%2e%2e/original",
        "/docs/../app.py",
    ],
)
def test_no_path_leads_out(service: Any, path: str) -> None:
    import http.client
    from urllib.parse import urlsplit

    connection = http.client.HTTPConnection(urlsplit(service.url).netloc)
    connection.request("GET", path)  # httpx would mend it
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 404, content
    assert answer.headers["content-type"] == "application/problem+json"


def test_urls_are_not_fetched(service: Any) -> None:
    for address in ("http://127.0.0.1:9/x.png", "file:///etc/passwd"):
        check_problem(service.client.post("/v1/photos", content=address.encode()), 415)
        check_problem(service.client.post("/v1/colorize", content=b"x", params={"url": address}), 422, "url")


@given(st.text(max_size=300), st.sampled_from([".jpg", ".tif"]))
def test_any_name_is_safe_to_show_and_to_send(name: str, suffix: str) -> None:
    shown = display_name(name)
    assert 1 <= len(shown) <= 120
    assert shown.isprintable()
    assert not set(shown) & set("/\\")
    assert shown.strip(" .") == shown
    (header,) = attachment(shown, suffix).values()
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2

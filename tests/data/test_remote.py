from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from photochrom.data.photos import find_photos
from photochrom.data.remote import expand_braces, fetch_shard
from photochrom.errors import DataError
from photochrom.io.storage import Storage


class Server(ThreadingHTTPServer):
    """Serves `answers`: for each path the bytes, and how many bytes it claims to send."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, tuple[bytes, int]] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body, length = self.server.answers.get(self.path, (b"", -1))
        self.send_response(200 if length >= 0 else 404)
        self.send_header("Content-Length", str(max(length, 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def shards(server, tmp_path, tar) -> Server:
    for i in range(3):
        data = tar(
            tmp_path / "source" / f"{i}.tar", {f"{i}a.jpg": b"a%d" % i, f"{i}b.jpg": b"b%d" % i}
        ).read_bytes()
        server.answers[f"/p/photos-test-{i:02}.tar"] = (data, len(data))
    return server


def rest(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file())


def test_a_url_pattern_is_fetched_once_and_used_from_the_cache(shards, tmp_path):
    pattern = f"{shards.url}/p/photos-test-{{00..02}}.tar"
    refs = find_photos(pattern, cache=tmp_path / "cache")
    assert [ref.key for ref in refs] == ["0a", "0b", "1a", "1b", "2a", "2b"]
    assert [ref.read() for ref in refs] == [b"a0", b"b0", b"a1", b"b1", b"a2", b"b2"]
    assert {ref.part for ref in refs} == {"test"}
    assert rest(tmp_path / "cache") == [f"photos-test-{i:02}.tar" for i in range(3)]
    assert find_photos(pattern, cache=tmp_path / "cache") == refs
    assert len(shards.asked) == 3


def test_a_missing_shard(shards, tmp_path):
    with pytest.raises(DataError, match=r"photos-test-03\.tar: cannot be fetched \(the server refused it"):
        find_photos(f"{shards.url}/p/photos-test-{{02..03}}.tar", cache=tmp_path / "cache")
    assert rest(tmp_path / "cache") == ["photos-test-02.tar"]


def test_a_download_that_breaks_off_leaves_nothing(shards, tmp_path):
    body, _ = shards.answers["/p/photos-test-00.tar"]
    shards.answers["/cut.tar"] = (body[:700], len(body))
    shards.answers["/page.tar"] = (b"<html>" + bytes(2000), 2006)
    with pytest.raises(DataError, match=r"/cut\.tar: cannot be fetched \(the connection broke"):
        find_photos(f"{shards.url}/cut.tar", cache=tmp_path / "cache")
    with pytest.raises(DataError, match=r"http.*/page\.tar: is no \.tar archive"):
        find_photos(f"{shards.url}/page.tar", cache=tmp_path / "cache")
    assert rest(tmp_path / "cache") == []


def test_a_server_that_is_not_there(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(DataError, match="the server does not answer"):
        find_photos(f"{url}/a.tar", cache=tmp_path)


def test_a_query_is_not_told(shards, tmp_path):
    with pytest.raises(DataError, match="cannot be fetched") as caught:
        find_photos(f"{shards.url}/none.tar?sig=0123secret", cache=tmp_path / "cache")
    assert str(caught.value).startswith(f"{shards.url}/none.tar: ")
    assert "secret" not in str(caught.value)


def test_a_scheme_nobody_knows_and_a_cache_that_cannot_be_written(tmp_path):
    with pytest.raises(DataError, match=r"^gopher://x: cannot be opened .*gopher"):
        find_photos("gopher://x/a.tar", cache=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot be written .*; name another cache folder"):
        find_photos("http://127.0.0.1/a.tar", cache=tmp_path / "file")


def test_a_shard_of_an_object_store(s3, tmp_path, tar):
    shard = tar(tmp_path / "one.tar", {"a.jpg": b"a", "b.jpg": b"b"})
    Storage(s3).put(shard, "here/photos-00.tar")
    found = find_photos(f"{s3}/here/photos-{{00..00}}.tar", cache=tmp_path / "cache")
    assert [ref.read() for ref in found] == [b"a", b"b"]
    with pytest.raises(DataError, match=r"^s3://album/here/photos-01\.tar: is not there"):
        find_photos(f"{s3}/here/photos-01.tar", cache=tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").rglob("*.tar")] == ["photos-00.tar"]


def test_shards_go_to_the_cache_folder(shards, monkeypatch, tmp_path):
    monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path / "home"))
    assert fetch_shard(f"{shards.url}/p/photos-test-00.tar").is_relative_to(tmp_path / "home" / "shards")


def test_patterns():
    assert expand_braces("s-{08..10}.tar") == ["s-08.tar", "s-09.tar", "s-10.tar"]
    with pytest.raises(DataError, match="is no pattern"):
        expand_braces("s-${UNSET_VARIABLE}.tar")

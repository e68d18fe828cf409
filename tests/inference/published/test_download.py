"""Downloads over lines that break: whatever happens, a file is whole and right, or not there."""

from __future__ import annotations

import hashlib
import random
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from file_server import Answer, FileServer, serve_files
from photochrom.errors import DownloadError
from photochrom.inference.published import download as module
from photochrom.inference.published.download import download

CONTENT = random.Random(0).randbytes(300_000)
CUT = 6 << 14
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def _server() -> Iterator[FileServer]:
    with serve_files() as server:
        yield server


@pytest.fixture
def server(_server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    _server.files = {"/w.pth": CONTENT}
    _server.plans.clear()
    _server.asked.clear()
    return _server


def fetch(server: FileServer, target: Path, *names: str, size: int = len(CONTENT), **options: object) -> None:
    urls = [name if "://" in name else f"{server.url}/{name}" for name in names or ("w.pth",)]
    download(urls, target, sha256=SHA256, size=size, **options)  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole_and_its_progress_is_told(server: FileServer, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    fetch(server, tmp_path / "w.pth", progress=lambda here, of: told.append((here, of)))
    assert (tmp_path / "w.pth").read_bytes() == CONTENT
    assert names(tmp_path) == ["w.pth"]
    assert told == sorted(told)
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert server.asked == [("/w.pth", None)]


def test_a_connection_that_breaks_is_gone_on_with(server: FileServer, tmp_path: Path) -> None:
    server.plans["/w.pth"] = [Answer(cut=CUT), Answer(cut=0), Answer(cut=CUT)]
    fetch(server, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [None, f"bytes={CUT}-", f"bytes={CUT}-", f"bytes={2 * CUT}-"]


def test_a_download_that_was_ended_is_gone_on_with_by_the_next(server: FileServer, tmp_path: Path) -> None:
    def end(here: int, of: int) -> None:
        if here > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server, tmp_path / "w.pth", progress=end)
    assert names(tmp_path) == ["w.pth.part"]
    here = (tmp_path / "w.pth.part").stat().st_size
    assert here > 100_000
    fetch(server, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT
    assert server.asked[-1] == ("/w.pth", f"bytes={here}-")


def test_a_server_without_ranges_sends_all_again(server: FileServer, tmp_path: Path) -> None:
    server.plans["/w.pth"] = [Answer(cut=CUT), Answer(ranges=False)]
    fetch(server, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT


def test_another_part_than_was_asked_for_is_refused(server: FileServer, tmp_path: Path) -> None:
    server.plans["/w.pth"] = [
        Answer(cut=CUT),
        Answer(headers={"Content-Range": f"bytes 50000-{len(CONTENT) - 1}/{len(CONTENT)}"}),
    ]
    with pytest.raises(DownloadError, match="another part of the file"):
        fetch(server, tmp_path / "w.pth")
    assert names(tmp_path) == ["w.pth.part"]


@pytest.mark.parametrize("old", [b"x" * 1000, b"x" * len(CONTENT), CONTENT + b"x", CONTENT[:-1] + b"x", CONTENT])
def test_what_was_here_before_of_another_file_is_given_up(server: FileServer, tmp_path: Path, old: bytes) -> None:
    (tmp_path / "w.pth.part").write_bytes(old)
    fetch(server, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT


def test_another_file_is_never_called_by_the_name(server: FileServer, tmp_path: Path) -> None:
    server.files["/w.pth"] = bytes(len(CONTENT))
    with pytest.raises(DownloadError, match=f"what came is another file .*not {SHA256}"):
        fetch(server, tmp_path / "w.pth")
    assert names(tmp_path) == []
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"<html>please log in</html>", bytes(2 * len(CONTENT) + 1)])
def test_what_cannot_be_the_file_by_its_length_is_not_fetched(
    server: FileServer, tmp_path: Path, body: bytes
) -> None:
    server.plans["/w.pth"] = [Answer(body=body)]
    with pytest.raises(DownloadError, match=f"has {len(body):,} bytes, not about 300,000"):
        fetch(server, tmp_path / "w.pth")
    assert names(tmp_path) == []


def test_what_never_ends_is_ended(server: FileServer, tmp_path: Path) -> None:
    server.plans["/w.pth"] = [Answer(body=bytes(10 * len(CONTENT)), headers={"Content-Length": ""})]
    with pytest.raises(DownloadError, match="more than 600,000 bytes"):
        fetch(server, tmp_path / "w.pth")


def test_a_length_that_is_not_told_is_no_matter(server: FileServer, tmp_path: Path) -> None:
    server.plans["/w.pth"] = [Answer(headers={"Content-Length": ""})]
    fetch(server, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT


def test_redirects_are_followed_and_keep_the_range(server: FileServer, tmp_path: Path) -> None:
    server.plans["/old"] = [Answer(location="/w.pth"), Answer(location=f"{server.url}/w.pth", status=307)]
    server.plans["/w.pth"] = [Answer(cut=CUT)]
    fetch(server, tmp_path / "w.pth", "old")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT
    assert server.asked[-1] == ("/w.pth", f"bytes={CUT}-")


def test_redirects_in_a_circle_end(server: FileServer, tmp_path: Path) -> None:
    server.plans["/old"] = [Answer(location="/old") for _ in range(50)]
    with pytest.raises(DownloadError, match="redirected in a circle"):
        fetch(server, tmp_path / "w.pth", "old")


def test_a_busy_server_is_asked_again_and_one_that_refuses_is_not(server: FileServer, tmp_path: Path) -> None:
    server.plans["/w.pth"] = [Answer(status=503), Answer(status=429)]
    fetch(server, tmp_path / "w.pth")
    server.asked.clear()
    for status in (401, 403, 404, 410):
        server.plans["/w.pth"] = [Answer(status=status)]
        with pytest.raises(DownloadError, match=f"the server answers {status}"):
            fetch(server, tmp_path / "other")
    assert len(server.asked) == 4
    server.plans["/w.pth"] = [Answer(status=500) for _ in range(20)]
    with pytest.raises(DownloadError, match="the server answers 500"):
        fetch(server, tmp_path / "other")


def test_the_next_address_is_asked_and_goes_on_where_the_first_broke_off(
    server: FileServer, tmp_path: Path
) -> None:
    server.files["/mirror"] = CONTENT
    server.plans["/w.pth"] = [Answer(cut=CUT), Answer(status=404)]
    fetch(server, tmp_path / "w.pth", "w.pth", "mirror")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT
    assert server.asked[-1] == ("/mirror", f"bytes={CUT}-")


def test_all_addresses_are_told_with_what_is_wrong_with_each(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        fetch(server, tmp_path / "w.pth", "gone", "gopher://x/y", "http://")
    text = str(caught.value)
    for part in (f"{server.url}/gone: the server answers 404", "gopher://x/y: ", "http://: "):
        assert part in text
    assert "\n" not in text


def test_a_line_that_falls_silent_is_given_up_and_gone_on_with(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TIMEOUT", (5.0, 0.2))
    server.plans["/w.pth"] = [Answer(pause=1.0)]
    fetch(server, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT
    assert server.asked[-1] == ("/w.pth", f"bytes={1 << 14}-")


def test_a_slow_line_is_waited_for(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TIMEOUT", (5.0, 0.5))
    server.plans["/w.pth"] = [Answer(pause=0.05)]  # a second for all of it
    fetch(server, tmp_path / "w.pth")
    assert len(server.asked) == 1


def test_a_server_that_answers_is_waited_for_longer_than_one_that_does_not(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(module, "_PAUSE", 1.0)
    monkeypatch.setattr(module, "sleep", slept.append)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/w.pth"
    with pytest.raises(DownloadError, match="the server does not answer"):
        fetch(server, tmp_path / "w.pth", url)  # as on a computer without a connection
    assert slept == [1.0]
    slept.clear()
    server.plans["/w.pth"] = [Answer(cut=CUT), *(Answer(cut=0) for _ in range(9))]
    with pytest.raises(DownloadError, match="cannot be fetched"):
        fetch(server, tmp_path / "w.pth")
    assert slept == [1.0, 2.0, 4.0, 8.0]


def test_no_server_and_no_proxy(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(DownloadError, match="the server does not answer"):
        fetch(server, tmp_path / "w.pth", f"{url}/w.pth")
    monkeypatch.setenv("HTTP_PROXY", url)
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(DownloadError, match="the proxy does not answer"):
        fetch(server, tmp_path / "w.pth", "http://example.invalid/w.pth")


def test_a_proxy_is_used_with_its_login(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["http://example.invalid/w.pth"] = CONTENT  # as a proxy is asked
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("://", "://me:secret@"))
    fetch(server, tmp_path / "w.pth", "http://example.invalid/w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_a_certificate_authority_of_one_s_own_is_named_by_its_variable(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*command, *subject, *files], check=True, capture_output=True)
    with serve_files() as secure:
        secure.files = server.files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        url = secure.url.replace("http:", "https:")
        with pytest.raises(
            DownloadError, match=r"certificate is not trusted; .* REQUESTS_CA_BUNDLE names its file"
        ):
            fetch(secure, tmp_path / "w.pth", f"{url}/w.pth")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        fetch(secure, tmp_path / "w.pth", f"{url}/w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT


def test_a_full_disk_is_told(server: FileServer, tmp_path: Path) -> None:
    def full(here: int, of: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(DownloadError, match=r"the disk is full; make room, or .*PHOTOCHROM_HOME"):
        fetch(server, tmp_path / "w.pth", progress=full)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    plan=st.lists(
        st.builds(
            Answer,
            status=st.sampled_from([None, None, 503]),
            cut=st.one_of(st.none(), st.integers(0, len(CONTENT))),
            ranges=st.booleans(),
            body=st.sampled_from([None, None, None, bytes(len(CONTENT))]),
        ),
        max_size=4,
    )
)
def test_whatever_the_line_does_a_file_is_right_or_not_there(
    server: FileServer, tmp_path_factory: pytest.TempPathFactory, plan: list[Answer]
) -> None:
    target = tmp_path_factory.mktemp("target") / "w.pth"
    server.plans["/w.pth"] = list(plan)
    try:
        fetch(server, target)
    except DownloadError:
        assert not target.exists()
        server.plans["/w.pth"] = []
        fetch(server, target)  # the next call gets it
    assert target.read_bytes() == CONTENT

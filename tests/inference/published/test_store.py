"""Published networks in the cache folder: pulled once, whole or not there, whatever happens meanwhile."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import photochrom
import published_tint
from file_server import Answer, FileServer, serve_files
from photochrom.errors import DownloadError, NetworkError, UnknownNetworkError
from photochrom.inference.onnx_model import Network, list_networks
from photochrom.inference.published import PUBLISHED, store
from photochrom.inference.published import download as downloading
from photochrom.inference.published.registry import PublishedNetwork
from photochrom.inference.published.store import pull, pulled_networks, remove, weights_urls
from published_tint import NAME, weights

PATH = "/authors/weights.pth"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve_files() as server:
        server.files[PATH] = weights()
        yield server


@pytest.fixture
def network(home: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> PublishedNetwork:
    network = published_tint.entry(server.url)
    monkeypatch.setitem(PUBLISHED, NAME, network)
    monkeypatch.setattr(store, "convert", published_tint.convert)
    monkeypatch.setattr(downloading, "_PAUSE", 0.0)
    return network


def files(home: Path) -> list[str]:
    """What is in the cache folder, without locks."""
    return sorted(
        path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"
    )


def test_a_published_network_is_pulled_once_and_used_by_its_name(
    home: Path, server: FileServer, network: PublishedNetwork
) -> None:
    with pytest.raises(
        DownloadError,
        match=rf"not on this computer yet; fetch it with  photochrom networks pull {NAME}  or, in Python,",
    ):
        Network(NAME)
    assert pull(NAME) == pull(NAME) == home / "networks" / NAME / f"{NAME}.onnx"
    assert len(server.asked) == 1
    assert files(home) == [f"networks/{NAME}/{NAME}.onnx"]
    opened = Network(NAME)
    assert (opened.card.name, opened.sha256) == (NAME, network.sha256)
    assert opened.run(np.zeros((1, 1, 8, 8), np.float32))["ab"].shape == (1, 2, 8, 8)
    assert [card.name for card in list_networks()][-1] == NAME
    assert remove(NAME) > 0
    assert files(home) == []
    assert pulled_networks() == {}
    with pytest.raises(UnknownNetworkError, match="not on this computer"):
        remove(NAME)


def test_python_pulls_when_it_is_told_to_and_never_by_itself(
    server: FileServer, network: PublishedNetwork, grey: np.ndarray
) -> None:
    with pytest.raises(DownloadError, match=rf"photochrom\.pull\('{NAME}'\)  \(0 MB, BSD-2-Clause\)"):
        photochrom.colorize(grey, network=NAME)
    assert server.asked == []
    seen: list[tuple[int, int]] = []
    path = photochrom.pull(NAME, progress=lambda here, of: seen.append((here, of)))
    assert seen[-1] == (len(weights()), len(weights()))
    assert photochrom.Colorizer(NAME).network.path == path
    assert photochrom.colorize(grey, network=NAME).to_numpy().shape == (40, 60, 3)


def test_a_name_that_nobody_published(home: Path) -> None:
    with pytest.raises(UnknownNetworkError, match="did you mean ddcolor"):
        pull("ddcolour")
    with pytest.raises(UnknownNetworkError, match="use one of eccv16"):
        pull("?")


def test_a_file_that_is_here_is_taken_and_left(
    home: Path, tmp_path: Path, server: FileServer, network: PublishedNetwork
) -> None:
    given = tmp_path / "given.pth"
    given.write_bytes(weights()[:-1] + b"x")
    with pytest.raises(
        DownloadError, match=rf"is not the authors' file of {NAME} \(.*; fetch it again from {server.url}"
    ):
        pull(NAME, source=given)
    with pytest.raises(DownloadError, match="gone: there is no such file"):
        pull(NAME, source=tmp_path / "gone")
    with pytest.raises(DownloadError, match=r"is a folder; give the file in it, .* weights\.pth"):
        pull(NAME, source=tmp_path)
    assert files(home) == []
    given.write_bytes(weights())
    pull(NAME, source=given)
    assert given.read_bytes() == weights()
    assert server.asked == []
    assert Network(NAME).card.name == NAME


def test_a_file_that_is_cut_short_or_cannot_be_read_is_told_by_its_own_name(
    home: Path, tmp_path: Path, network: PublishedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "given.pth"
    given.write_bytes(weights()[:1234])
    with pytest.raises(DownloadError, match=f"has 1,234 bytes, theirs {len(weights()):,}; its SHA-256 is"):
        pull(NAME, source=given)

    def fail(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(store, "file_sha256", fail)
    with pytest.raises(DownloadError, match=r"given\.pth: cannot be read \(Permission denied\); check its perm"):
        pull(NAME, source=given)


def test_a_network_that_comes_with_photochrom_need_not_be_pulled(home: Path) -> None:
    assert pull("photochrom-1") == Network("photochrom-1").path
    assert files(home) == []


def test_a_network_that_is_ready_may_lie_where_nothing_can_be_written(
    home: Path, network: PublishedNetwork
) -> None:
    path = pull(NAME)
    lock = home / "networks" / f".{NAME}.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # no lock can be made of it
    assert pull(NAME) == path
    with pytest.raises(
        NetworkError, match=r"cannot be deleted .*; end the programs that use it, or check its perm"
    ):
        remove(NAME)
    assert path.is_file()


def test_offline_says_where_a_file_may_be_put_and_takes_it_from_there(
    home: Path, server: FileServer, network: PublishedNetwork
) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(DownloadError) as caught:
        pull(NAME)
    place = home / "downloads" / NAME / "weights.pth"
    for part in ("the server does not answer", f"{server.url}{PATH}", f"pull {NAME} --from FILE", f"at {place}"):
        assert part in str(caught.value)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"something else")
    with pytest.raises(DownloadError, match="is not the authors' file"):
        pull(NAME)
    place.write_bytes(weights())
    pull(NAME)
    assert files(home) == [f"networks/{NAME}/{NAME}.onnx"]


def test_a_wrong_file_is_never_opened(home: Path, server: FileServer, network: PublishedNetwork) -> None:
    server.files[PATH] = bytes(len(weights()))
    with pytest.raises(DownloadError, match="what came is another file"):
        pull(NAME)
    assert files(home) == []


def test_a_conversion_that_fails_keeps_the_download_and_leaves_no_network(
    home: Path, server: FileServer, network: PublishedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: Path, name: str, target: Path) -> None:
        target.write_bytes(b"half")
        raise NetworkError(file, "lacks a key", "report it")

    monkeypatch.setattr(store, "convert", fail)
    with pytest.raises(NetworkError, match="lacks a key"):
        pull(NAME)
    assert files(home) == [f"downloads/{NAME}/weights.pth"]
    monkeypatch.setattr(store, "convert", published_tint.convert)
    pull(NAME)
    assert len(server.asked) == 1


def test_what_a_killed_process_left_is_removed_and_gone_on_with(
    home: Path, server: FileServer, network: PublishedNetwork
) -> None:
    half = home / "networks" / f".{NAME}-0123456789ab"
    half.mkdir(parents=True)
    (half / f"{NAME}.onnx").write_bytes(b"half")
    part = home / "downloads" / NAME / "weights.pth.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(weights()[:1000])
    assert NAME not in pulled_networks()
    pull(NAME)
    assert server.asked == [(PATH, "bytes=1000-")]
    assert files(home) == [f"networks/{NAME}/{NAME}.onnx"]


def test_too_little_room_is_told_before_anything_is_fetched(
    home: Path, server: FileServer, network: PublishedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 100_000_000))
    with pytest.raises(
        DownloadError, match=r"has 0\.1 GB free, and pulling published-tint takes 0\.1 GB; make room"
    ):
        pull(NAME)
    assert server.asked == []


def test_a_cache_folder_that_cannot_be_written(
    home: Path, network: PublishedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write_text("a file")
    with pytest.raises(DownloadError, match=r"cannot be written .*another folder with PHOTOCHROM_HOME"):
        pull(NAME)


def test_mirrors_stand_for_the_authors_addresses(
    home: Path, server: FileServer, network: PublishedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = "https://huggingface.co/piddnad/ddcolor_modelscope/resolve/main/pytorch_model.bin"
    assert weights_urls(PUBLISHED["ddcolor"]) == (official,)
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example/")
    assert weights_urls(PUBLISHED["ddcolor"]) == (official.replace("huggingface.co", "hub.example"),)
    assert weights_urls(PUBLISHED["eccv16"]) == PUBLISHED["eccv16"].urls
    monkeypatch.setenv("PHOTOCHROM_MIRROR", f"{server.url}/mirror/")
    assert weights_urls(PUBLISHED["ddcolor"]) == (f"{server.url}/mirror/ddcolor/pytorch_model.bin",)
    server.files[f"/mirror/{NAME}/weights.pth"] = weights()
    pull(NAME)
    assert [path for path, _ in server.asked] == [f"/mirror/{NAME}/weights.pth"]


def test_two_processes_that_pull_at_once_fetch_and_convert_once(
    home: Path, tmp_path: Path, server: FileServer
) -> None:
    server.plans[PATH] = [Answer(pause=0.02)]
    command = [sys.executable, "-m", "published_tint", server.url, str(tmp_path / "log")]
    tests = Path(published_tint.__file__).parent
    running = [subprocess.Popen(command, cwd=tests, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert all(lines.splitlines()[-1] == str(home / "networks" / NAME / f"{NAME}.onnx") for lines in said)
    assert (tmp_path / "log").read_text() == "converting\n"
    assert len(server.asked) == 1

"""Stores that run on this machine: a real S3 server, a real sshd, a web server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

SSHD = Path(shutil.which("sshd") or "/usr/sbin/sshd")
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """URL of an empty bucket of an S3 server; all processes that are started find it by the environment."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}.items():
            patch.setenv(name, value)
        import s3fs

        s3fs.S3FileSystem().mkdir("album")
        yield "s3://album"
    server.stop()


@pytest.fixture(scope="session")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a folder behind an sshd of this machine."""
    if not SSHD.exists():
        if os.environ.get("CI"):
            pytest.fail("sshd is not installed")
        pytest.skip("sshd is not installed")
    folder = tmp_path_factory.mktemp("sftp")
    for name in "host", "user":
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "Port": port, "ListenAddress": "127.0.0.1", "HostKey": folder / "host", "PidFile": "none",
        "AuthorizedKeysFile": folder / "authorized", "StrictModes": "no", "UsePAM": "no",
        "PasswordAuthentication": "no", "PermitRootLogin": "yes", "Subsystem": "sftp internal-sftp",
    }  # fmt: skip
    (folder / "config").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    with pytest.MonkeyPatch.context() as patch:
        home = folder / "home" / ".ssh"
        home.mkdir(parents=True)
        (home / "config").write_text(
            f"Host 127.0.0.1\n  Port {port}\n  IdentityFile {folder / 'user'}\n"
            f"  UserKnownHostsFile {home / 'known_hosts'}\n"
        )
        key = (folder / "host.pub").read_text().split()
        (home / "known_hosts").write_text(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n")
        patch.setenv("HOME", str(folder / "home"))
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        (folder / "album").mkdir()
        yield f"ssh://127.0.0.1:{port}{folder / 'album'}"
    process.terminate()
    process.wait()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None: ...


class Signed(Quiet):
    """Answers as a store does to addresses that it lends: to GET alone, and by the signature."""

    def do_GET(self) -> None:
        if SIGNATURE in self.path:
            super().do_GET()
        else:
            self.send_error(403)

    def do_HEAD(self) -> None:
        self.send_error(403)


SIGNATURE = "X-Amz-Credential=AKIA/s3&X-Amz-Signature=0123secret"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """URL of a web server that lists a folder, and the folder."""
    yield from _served(tmp_path / "web", Quiet)


@pytest.fixture
def signed(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """URL of a web server whose files' addresses need `SIGNATURE` as their query, and its folder."""
    yield from _served(tmp_path / "signed", Signed)


def _served(folder: Path, handler: type[Quiet]) -> Iterator[tuple[str, Path]]:
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()

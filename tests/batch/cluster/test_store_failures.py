"""Stores that cannot be reached, or do not let one in: one line, nothing begun, and the same command goes on."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from photochrom.cli.main import main
from photochrom.io.storage import Storage
from small_photos import save_photos

Call = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def album(s3: str, tmp_path: Path) -> str:
    """URL of a folder of two photos on an S3 server."""
    there = f"{s3}/{tmp_path.name}/in"
    for photo in save_photos(tmp_path / "photos", 2):
        Storage(there).put(photo, photo.name)
    return there


@pytest.fixture
def reader(s3: str) -> Iterator[dict[str, str]]:
    """Credentials of one who may read the bucket; the server lets in nobody whom it does not know."""
    import boto3

    iam = boto3.client("iam")
    iam.create_user(UserName="reader")
    may = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket", "s3:HeadObject"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_user_policy(UserName="reader", PolicyName="reads", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    check_who_asks_after(0)
    yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    check_who_asks_after(float("inf"))
    iam.delete_access_key(UserName="reader", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="reader", PolicyName="reads")
    iam.delete_user(UserName="reader")


def check_who_asks_after(requests: float) -> None:
    """Have the server check who asks, after so many requests."""
    url, kind = f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset-auth", {"Content-Type": "text/plain"}
    urlopen(Request(url, str(requests).encode(), kind)).close()


@pytest.fixture
def call(tint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Plan a call, as one who has the credentials; return the exit status, stderr's lines and stdout."""
    import s3fs

    def act(source: str, output: str, **environment: str) -> tuple[int, list[str], str]:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            s3fs.S3FileSystem.clear_instance_cache()
            code = main(["colorize", source, "-o", output, "--engine", "ray", "-n", str(tint), "--plan"])
        s3fs.S3FileSystem.clear_instance_cache()
        said = capsys.readouterr()
        return code, [line for line in said.err.splitlines() if line], said.out

    return act


def check_it_goes_on(call: Call, album: str, output: str) -> None:
    code, lines, said = call(album, output)
    assert (code, lines) == (0, [])
    assert "2 photos to colorize" in said


def test_a_store_that_does_not_answer(call: Call, album: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    for source, output in ((album, str(tmp_path / "out")), (str(tmp_path / "photos"), f"{album}-out")):
        code, (line,), _ = call(source, output, AWS_ENDPOINT_URL=nowhere, AWS_MAX_ATTEMPTS="1")
        assert code == 1
        assert line.startswith(f"photochrom: {album}")
        assert "Could not connect" in line
        assert "the same command goes on" in line
        check_it_goes_on(call, album, output)


@pytest.mark.parametrize("wrong", ["id", "secret"])
def test_wrong_credentials(call: Call, album: str, reader: dict[str, str], tmp_path: Path, wrong: str) -> None:
    name = "AWS_ACCESS_KEY_ID" if wrong == "id" else "AWS_SECRET_ACCESS_KEY"
    code, (line,), _ = call(album, str(tmp_path / "out"), **reader | {name: "wrong"})
    assert code == 1
    assert line.startswith(f"photochrom: {album}: may not be listed (")
    assert line.endswith("; check the credentials and their rights")
    code, lines, said = call(album, str(tmp_path / "out"), **reader)
    assert (code, lines) == (0, [])
    assert "2 photos to colorize" in said


def test_a_bucket_without_the_right_to_write(call: Call, album: str, reader: dict[str, str]) -> None:
    code, lines, _ = call(album, f"{album}-out", **reader)
    assert code == 1
    assert lines == [
        f"photochrom: {album}-out: may not be written (Access Denied); check the credentials and their rights"
    ]


def test_shards_for_such_a_bucket_are_refused_before_a_photo_is_looked_at(
    album: str, reader: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    import s3fs

    with monkeypatch.context() as patch:
        for name, value in reader.items():
            patch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        assert main(["shards", str(tmp_path / "nowhere"), "--output", f"{album}-shards", "--jobs", "1"]) == 1
    s3fs.S3FileSystem.clear_instance_cache()
    problem = "may not be written (Access Denied); check the credentials and their rights"
    assert capsys.readouterr().err == f"photochrom: {album}-shards/.packing.sqlite: {problem}\n"


def test_no_credentials_at_all(call: Call, album: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY":
        monkeypatch.delenv(name)
    code, (line,), _ = call(album, str(tmp_path / "out"), AWS_EC2_METADATA_DISABLED="true", HOME=str(tmp_path))
    assert code == 1
    assert line.startswith(f"photochrom: {album}: cannot be listed (Unable to locate credentials)")

"""Published networks from the command line: what is said, what is fetched, and what is used afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import published_tint
from file_server import FileServer, serve_files
from photochrom.cli.main import main
from photochrom.inference.card import Card
from photochrom.inference.published import PUBLISHED, store
from photochrom.io.picture import Picture
from published_tint import NAME, weights
from tiny_network import tint_card, write_network

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A server with one network that is published, and an empty cache folder."""
    with serve_files() as server:
        server.files["/authors/weights.pth"] = weights()
        monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path / "home"))
        monkeypatch.setitem(PUBLISHED, NAME, published_tint.entry(server.url))
        monkeypatch.setattr(store, "convert", published_tint.convert)
        yield server


@pytest.fixture
def photo(tmp_path: Path, grey: np.ndarray[Any, Any]) -> Path:
    Picture.from_array(grey).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_pull_says_what_comes_from_where_and_to_where(server: FileServer, tmp_path: Path, capsys: Printed) -> None:
    assert main(["networks", "pull", NAME]) == 0
    said = capsys.readouterr()
    for part in (
        f"pulling {NAME}: A warm tint. Licence BSD-2-Clause, by https://example.org/tint",
        f"from {server.url}/authors/weights.pth (0 MB) to {tmp_path / 'home' / 'networks' / NAME}",
    ):
        assert part in said.err
    assert said.out == f"{NAME} is ready (0.0 MB): photochrom PHOTO --network {NAME}\n"
    assert main(["networks", "pull", NAME, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert len(server.asked) == 1


def test_the_first_use_pulls(server: FileServer, photo: Path, tmp_path: Path, capsys: Printed) -> None:
    command = ["colorize", str(photo), "-o", str(tmp_path / "out"), "--network", f"{NAME}+photochrom-1:0.3"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert "Licence BSD-2-Clause" in said.err
    assert "1 colorized" in said.out
    assert main([*command, "--overwrite"]) == 0
    assert capsys.readouterr().err == ""
    assert len(server.asked) == 1


def test_what_cannot_be_pulled_is_one_line_before_any_work(
    server: FileServer, photo: Path, tmp_path: Path, capsys: Printed
) -> None:
    server.files.clear()
    assert main(["colorize", str(photo), "-o", str(tmp_path / "out"), "--network", NAME, "-q"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(
        f"photochrom: {NAME}: cannot be fetched ({server.url}/authors/weights.pth: the server"
    )
    assert "answers 404" in said.err
    assert said.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_mirror_s_password_is_used_and_never_shown(
    server: FileServer, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setenv("PHOTOCHROM_MIRROR", server.url.replace("://", "://me:hidden@"))
    assert main(["networks", "show", NAME]) == 0
    assert main(["networks", "pull", NAME]) == 1
    said = "".join(capsys.readouterr())
    assert said.count(server.url.replace("://", "://me@")) == 4
    assert "hidden" not in said
    server.files[f"/{NAME}/weights.pth"] = weights()
    assert main(["networks", "pull", NAME, "-q"]) == 0


def test_the_list_tells_what_is_here(server: FileServer, capsys: Printed) -> None:
    def row() -> list[str]:
        assert main(["networks"]) == 0
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        return next(line for line in lines if NAME in line)

    assert row()[:5] == [NAME, "not", "pulled", "0", "MB"]
    main(["networks", "pull", NAME, "--quiet"])
    assert row()[:3] == [NAME, "version", "1"]
    assert main(["networks", "--json"]) == 0
    states = {one["name"]: one["state"] for one in json.loads(capsys.readouterr().out)}
    assert (states["photochrom-1"], states[NAME], states["ddcolor"]) == ("bundled", "pulled", "not pulled")
    assert main(["networks", "remove", NAME]) == 0
    assert capsys.readouterr().out.startswith(f"removed {NAME} (")
    assert row()[1:3] == ["not", "pulled"]
    assert main(["networks", "remove", NAME]) == 1
    assert "is not on this computer" in capsys.readouterr().err
    assert main(["networks", "remove", "photochrom-1"]) == 1
    assert "comes with photochrom" in capsys.readouterr().err


def test_show_tells_of_a_network_without_fetching_it(server: FileServer, capsys: Printed) -> None:
    assert main(["networks", "show", NAME]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for part in ("not pulled yet", "licence BSD-2-Clause", "paper A paper.", PUBLISHED[NAME].sha256):
        assert part in shown
    assert main(["networks", "show", NAME, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "not pulled"
    assert server.asked == []


def test_from_is_of_one_network(server: FileServer, tmp_path: Path, capsys: Printed) -> None:
    (tmp_path / "mine.pth").write_bytes(weights())
    with pytest.raises(SystemExit) as caught:
        main(["networks", "pull", NAME, "ddcolor", "--from", str(tmp_path / "mine.pth")])
    assert caught.value.code == 2
    assert main(["networks", "pull", NAME, "--from", str(tmp_path / "mine.pth")]) == 0
    assert f"from {tmp_path / 'mine.pth'} to {tmp_path / 'home'}" in capsys.readouterr().err
    assert server.asked == []


def test_one_table_compares_what_is_pulled_with_merges(
    server: FileServer, tint: Path, tmp_path: Path, capsys: Printed
) -> None:
    networks = [NAME, f"{tint}+{tint}:0.25"]
    (tmp_path / "photos").mkdir()
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Picture.from_array(rgb).save(tmp_path / "photos" / "photo.png")
    options = ["--data", str(tmp_path / "photos"), "--output", str(tmp_path / "out"), "--fast", "--jobs", "1"]
    assert main(["evaluate", *networks, *options]) == 0
    assert "Licence BSD-2-Clause" in capsys.readouterr().err
    rows = {row["name"]: row for row in json.loads((tmp_path / "out" / "results.json").read_text())["rows"]}
    assert list(rows)[-2:] == [NAME, "tint+tint:0.25"]
    assert rows[NAME]["digest"] == PUBLISHED[NAME].sha256
    assert len(server.asked) == 1


def test_what_is_damaged_or_no_network_is_told_with_what_mends_it(
    server: FileServer, photo: Path, tmp_path: Path, capsys: Printed
) -> None:
    assert main(["networks", "pull", NAME, "--quiet"]) == 0
    store.pulled_networks()[NAME].write_bytes(b"damaged")
    assert main(["colorize", str(photo), "-o", str(tmp_path / "out"), "--network", NAME]) == 1
    assert f"; photochrom networks remove {NAME}  and pull it again\n" in capsys.readouterr().err
    (tmp_path / "mine.pth").write_bytes(weights())
    assert (
        main(["colorize", str(photo), "-o", str(tmp_path / "out"), "--network", str(tmp_path / "mine.pth")]) == 1
    )
    said = capsys.readouterr().err
    assert f"photochrom networks pull NAME --from {tmp_path / 'mine.pth'}  makes one\n" in said
    assert not (tmp_path / "out").exists()


def test_a_folder_goes_on_with_the_same_weights_pulled_again(
    server: FileServer, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    command = ["colorize", str(photo), "-o", str(tmp_path / "out"), "--network", NAME]
    assert main(command) == 0
    main(["networks", "remove", NAME])

    def convert(file: Path, name: str, target: Path) -> Card:  # as a later photochrom may write the file
        card = tint_card(name=name, version="2", sha256=PUBLISHED[name].sha256)
        write_network(target, card=card)
        return Card.model_validate(card)

    monkeypatch.setattr(store, "convert", convert)
    capsys.readouterr()
    assert main(command) == 0
    assert "0 colorized, 1 skipped (1 done already)" in capsys.readouterr().out


def test_a_service_offers_what_it_pulled(server: FileServer, monkeypatch: pytest.MonkeyPatch, tint: Path) -> None:
    from photochrom.workers.engine import EngineSetup

    started = []
    monkeypatch.setattr("photochrom.server.run.serve", lambda settings: started.append(settings) or 0)
    assert main(["serve", "--network", NAME, "--network", f"{tint}+{NAME}:0.25", "--device", "cpu"]) == 0
    assert len(server.asked) == 1
    engine = EngineSetup(started[0].networks, "cpu").open()
    assert [one.card.name for one in engine.networks] == [NAME, f"tint+{NAME}:0.25"]

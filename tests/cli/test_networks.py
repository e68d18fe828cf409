from __future__ import annotations

import json
from pathlib import Path

import pytest

from photochrom.cli.main import main
from photochrom.errors import NetworkError
from photochrom.inference import catalogue
from photochrom.inference.onnx_model import Network
from photochrom.inference.published import PUBLISHED
from tiny_network import tint_card, write_network


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder with two bundled networks."""
    folder = tmp_path / "weights"
    folder.mkdir()
    write_network(folder / "photochrom-1.onnx", card=tint_card(name="photochrom-1", training={"photos": 12_000}))
    write_network(folder / "tint.onnx", card=tint_card())
    monkeypatch.setattr(catalogue, "files", lambda package: tmp_path)
    catalogue.bundled_networks.cache_clear()
    yield folder
    catalogue.bundled_networks.cache_clear()


def test_a_line_says_what_each_is(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["networks"], ["networks", "list"]):
        assert main(words) == 0
        first, second, *_ = capsys.readouterr().out.splitlines()
        assert " ".join(first.split()) == (
            "* photochrom-1 version 1 0.0 MB MIT A warm tint that grows with lightness."
        )
        assert second.split()[:3] == ["tint", "version", "1"]


def test_a_line_ends_where_the_terminal_does(
    bundle: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "50")
    assert main(["networks"]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert (len(line), line[-1]) == (50, "…")


def test_show_tells_the_whole_card(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = {"name": "mine", "first": {"size": 96}, "learning_rate": 1e-5}
    path = write_network(
        tmp_path / "mine.onnx", card=tint_card(name="mine", recipe=recipe, training={"photos": 12})
    )
    assert main(["networks", "show", str(path)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for words in (f"mine, version 1 A warm tint that grows with lightness. file {path}", "licence MIT",
                  "inputs lightness outputs ab", "the area of 32×32 pixels", "parameters 20", "trained photos 12",
                  "scores psnr 20.5", "first.size 96", "learning_rate 1e-05"):  # fmt: skip
        assert words in printed


def test_a_card_as_json_is_the_card(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["show", "tint", "--json"], ["--json", "show", "tint"]):
        assert main(["networks", *words]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert {key: shown[key] for key in tint_card()} == tint_card()
        assert shown["default"] is False


def test_show_of_an_unknown_network_names_one_that_is_near(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["networks", "show", "tin"]) == 1
    assert "did you mean tint" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--json"], ["list", "--json"]])
def test_json_holds_the_cards(bundle: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["networks", *words]) == 0
    first, second, *rest = json.loads(capsys.readouterr().out)
    assert (first["name"], first["default"], second["default"]) == ("photochrom-1", True, False)
    assert {one["name"]: one["state"] for one in rest} == dict.fromkeys(PUBLISHED, "not pulled")
    assert [one["name"] for one in rest if "hints" in one["inputs"]] == ["siggraph17"]
    assert (first["state"], second["state"]) == ("bundled", "bundled")
    assert second["bytes"] == (bundle / "tint.onnx").stat().st_size
    assert {key: second[key] for key in tint_card()} == tint_card()


def test_a_bundled_network_goes_by_its_name(bundle: Path) -> None:
    assert Network().card.name == "photochrom-1"
    assert Network("tint").path == bundle / "tint.onnx"
    with pytest.raises(NetworkError, match="did you mean tint"):
        Network("tin")


def test_a_damaged_bundle_is_one_line(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle / "tint.onnx").write_bytes(b"damaged")
    assert main(["networks"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("photochrom: ")
    assert error.count("\n") == 1


def test_no_bundle_says_so(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in bundle.iterdir():
        path.unlink()
    assert main(["networks"]) == 0
    assert "no network is bundled" in capsys.readouterr().out

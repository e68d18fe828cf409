from __future__ import annotations

import json
from pathlib import Path

import pytest

from photochrom.cli.main import main
from photochrom.errors import NetworkError
from photochrom.inference import catalogue
from photochrom.inference.onnx_model import Network
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


def test_the_table_says_what_each_is(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["networks"]) == 0
    printed = capsys.readouterr().out
    for words in ("photochrom-1 *", "tint", "32²", "20", "psnr 20.5", "photos 12000", "MIT", "MB", "* used where"):
        assert words in printed


def test_json_holds_the_cards(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["networks", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["name"], first["default"], second["default"]) == ("photochrom-1", True, False)
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

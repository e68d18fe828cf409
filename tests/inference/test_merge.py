"""Two networks as one: their colours in proportion, and what both can do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photochrom.cli.main import main
from photochrom.colorizer import Colorizer
from photochrom.errors import CapabilityError, DownloadError, NetworkError
from photochrom.hints import Hint
from photochrom.inference.catalogue import Merge, not_pulled, read_merge
from photochrom.inference.onnx_model import Network
from photochrom.options import Options
from tiny_network import tint_card, write_hinting_network, write_network


@pytest.fixture
def cool(tmp_path: Path) -> Path:
    return write_network(
        tmp_path / "cool.onnx", card=tint_card(name="cool", license="BSD-2-Clause"), bias=(-20.0, -30.0)
    )


@pytest.fixture
def vivid(tmp_path: Path) -> Path:
    return write_hinting_network(tmp_path / "vivid.onnx")


lightness = np.add.outer(np.linspace(10, 90, 24), np.zeros(32)).astype(np.float32)[None, None]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1))
def test_colours_are_mixed_in_proportion(tint: Path, cool: Path, share: float) -> None:
    first, second = (Network(path).run(lightness)["ab"] for path in (tint, cool))
    merged = Network(f"{tint}+{cool}:{share!r}").run(lightness)["ab"]
    np.testing.assert_allclose(merged, (1 - share) * first + share * second, atol=1e-4)


def test_half_of_each_is_the_default_and_the_ends_are_the_networks(tint: Path, cool: Path) -> None:
    first, second = (Network(path).run(lightness)["ab"] for path in (tint, cool))
    np.testing.assert_allclose(Network(f"{tint}+{cool}").run(lightness)["ab"], (first + second) / 2, atol=1e-4)
    np.testing.assert_array_equal(Network(f"{tint}+{cool}:0").run(lightness)["ab"], first)
    np.testing.assert_array_equal(Network(f"{tint}+{cool}:1").run(lightness)["ab"], second)


def test_the_card_says_what_is_mixed(tint: Path, cool: Path, vivid: Path) -> None:
    card = Network(f"{tint}+{cool}:0.25").card
    assert (card.name, card.license, card.parameters) == ("tint+cool:0.25", "MIT AND BSD-2-Clause", 40)
    assert Network(f"{tint}+{cool}").card.name == "tint+cool"
    assert (Network(f"{vivid}+{tint}").card.inputs, Network(f"{vivid}+{tint}").card.outputs) == (
        ("lightness",),
        ("ab",),
    )
    assert Network(f"{vivid}+{vivid}").card.inputs == Network(vivid).card.inputs


def test_a_merge_can_do_what_both_can(tint: Path, vivid: Path, grey: np.ndarray[Any, Any]) -> None:
    with pytest.raises(CapabilityError, match="takes no vividness"):
        Colorizer(f"{vivid}+{tint}")(grey, vividness=1)
    options = Options(hints=(Hint(0.5, 0.5, (40, 20)),), vividness=0.8)
    alone, both = (Colorizer(network).open(grey) for network in (vivid, f"{vivid}+{vivid}:0.3"))
    np.testing.assert_allclose(alone.ab(options), both.ab(options), atol=1e-3)
    np.testing.assert_allclose(alone.confidence(options), both.confidence(options), atol=1e-4)
    assert len(both.suggest(2)) == len(alone.suggest(2))


def test_each_network_works_at_its_own_size(tint: Path, tmp_path: Path) -> None:
    large = write_network(tmp_path / "large.onnx", card=tint_card(name="large", input_size=64), bias=(0.0, 0.0))
    merged = Network(f"{tint}+{large}")
    assert merged.card.input_size == 64
    seen: list[tuple[int, ...]] = []
    for network in merged._parts:
        network.run = lambda light, *rest, own=network.run, **more: (
            seen.append(light.shape) or own(light, *rest, **more)
        )  # type: ignore[method-assign]
    ab = merged.run(np.full((2, 1, 48, 80), 50, np.float32))["ab"]
    assert seen == [(2, 1, 24, 40), (2, 1, 48, 80)]
    assert ab.shape == (2, 2, 48, 80)
    np.testing.assert_allclose(
        ab[:, :, 8:-8, 8:-8], np.broadcast_to([[[[10]], [[15]]]], (2, 2, 32, 64)), atol=1e-3
    )


def test_weights_and_shares_tell_merges_apart(tint: Path, cool: Path) -> None:
    names = [f"{tint}+{cool}", f"{tint}+{cool}:0.25", f"{cool}+{tint}", f"{tint}+{tint}", str(tint)]
    assert len({Network(name).sha256 for name in names}) == len(names)
    assert Network(f"{tint}+{cool}").sha256 == Network(f"{tint}+{cool}:0.5").sha256


@pytest.mark.parametrize("text", ["a+b:1.5", "a+b:-0.1", "a+b:nan"])
def test_a_share_is_0_to_1(text: str) -> None:
    with pytest.raises(NetworkError, match=r"a share of .* is out of range; use 0 to 1"):
        read_merge(text)


@pytest.mark.parametrize("text", ["+", "a+", "+b", "a+b+c", "a+b+c:0.3"])
def test_a_merge_is_of_two(text: str) -> None:
    with pytest.raises(NetworkError, match="is no merge of two networks; write it like"):
        read_merge(text)


def test_names_and_paths_of_any_kind(tint: Path, tmp_path: Path) -> None:
    plus = write_network(tmp_path / "warm+cold.onnx", card=tint_card(name="plus"))
    assert read_merge(plus) is None
    assert Network(plus).card.name == "plus"
    assert read_merge(f"{plus}+{tint}:0.2") == Merge(str(plus), str(tint), 0.2)
    assert read_merge(f"{tint}+{plus}") == Merge(str(tint), str(plus))
    assert read_merge("ddcolor+deoldify-stable") == Merge("ddcolor", "deoldify-stable")
    assert read_merge(r"ddcolor+C:\networks\mine.onnx") == Merge("ddcolor", r"C:\networks\mine.onnx")
    assert read_merge("photochrom-1") is None
    merges = ["ddcolor+photochrom-1:0.3", "eccv16", "ddcolor+eccv16", str(tint)]
    assert not_pulled(merges) == ["ddcolor", "eccv16"]
    with pytest.raises(DownloadError, match="ddcolor: is not on this computer yet"):
        Network("ddcolor+photochrom-1")


def test_the_command_line_takes_a_merge_for_a_network(
    tint: Path, cool: Path, grey: np.ndarray[Any, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from photochrom.io.picture import Picture

    Picture.from_array(grey).save(tmp_path / "photo.png")
    merge = f"{tint}+{cool}:0.25"
    command = ["colorize", str(tmp_path / "photo.png"), "-o", str(tmp_path / "out"), "--network", merge]
    assert main(command) == 0
    assert (Picture.read(tmp_path / "out" / "photo.png").pixels == Colorizer(merge)(grey).pixels).all()
    assert main(command) == 0
    assert "1 skipped" in capsys.readouterr().out
    assert main([*command[:-1], f"{tint}+{cool}"]) == 0
    assert "1 colorized" in capsys.readouterr().out
    assert main(["networks", "show", merge]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "tint+cool:0.25, version 1+1" in shown
    assert f"file {tint}, {cool} (" in shown

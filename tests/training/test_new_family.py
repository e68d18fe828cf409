"""A new family of networks is trained by any recipe, without a change to the training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from photochrom.models import registry
from photochrom.models.base import PretrainedEncoder
from photochrom.models.distribution import DistributionNetwork, channel_softmax
from photochrom.training import Recipe, load_checkpoint, train


class TinyEncoder(PretrainedEncoder):
    """One convolution, which "knows" that bright places are bright."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 2, 4, stride=4)

    def forward(self, lightness: Tensor) -> Tensor:
        return self.convolution(lightness / 100)

    def load_pretrained(self) -> None:
        nn.init.constant_(self.convolution.weight, 1 / 16)

    def drop_blocks(self, most: float) -> None:
        """There are none to drop."""


class TinyNetwork(DistributionNetwork):
    """Takes hints, gives a distribution."""

    def __init__(self) -> None:
        super().__init__()
        self.features = TinyEncoder()
        self.hinted = nn.Conv2d(3, 2, 4, stride=4)
        self.logits = nn.Conv2d(2, len(self.centers), 1)
        self.weights = nn.Conv2d(2, 9 * 4, 1)

    @property
    def pretrained_encoder(self) -> TinyEncoder:
        return self.features

    def score(self, lightness: Tensor, hints: Tensor | None = None) -> tuple[Tensor, Tensor]:
        x = self.features(lightness)
        if hints is not None:
            x = x + self.hinted(hints / 50)
        wide = nn.functional.interpolate(self.weights(x), scale_factor=2, mode="nearest")
        return self.logits(x), channel_softmax(wide.unflatten(1, (9, 4)))


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    monkeypatch.setattr(registry, "_FACTORIES", dict(registry._FACTORIES))  # left as it was for other tests
    registry.register_architecture("tiny", TinyNetwork, "one convolution with hints and a distribution")
    return Recipe(
        name="t", network="tiny", loss="distribution", size=16, batch=4, epochs=1, photos=4, test_photos=2, seed=3,
        no_hint_prob=0.0, pretrained=True, drop_path=0.25, optimizer="adamw", learning_rate=0.01,
        encoder_lr_scale=0.0,
    )  # fmt: skip


def test_it_is_trained_with_hints_for_a_distribution_from_its_pretrained_encoder(
    recipe: Recipe, photos: Path, tmp_path: Path
) -> None:
    result = train(recipe, photos, tmp_path / "run", device="cpu", progress=False)
    trained = load_checkpoint(result.checkpoint).network
    assert isinstance(trained, TinyNetwork)
    torch.manual_seed(recipe.seed)
    fresh = TinyNetwork()
    assert torch.equal(trained.features.convolution.weight, torch.full((2, 1, 4, 4), 1 / 16))  # a rate of 0
    for name in ("hinted", "logits", "weights"):
        assert not torch.equal(getattr(trained, name).weight, getattr(fresh, name).weight), name


def test_its_encoder_drops_as_many_blocks_as_the_recipe_says(
    recipe: Recipe, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    monkeypatch.setattr(TinyEncoder, "drop_blocks", lambda self, most: asked.append(most))
    train(recipe, photos, tmp_path / "run", device="cpu", progress=False)
    assert asked == [recipe.drop_path]


def test_its_answers_are_as_the_contract_has_them() -> None:
    network = TinyNetwork().eval()
    ab, confidence, distribution = network.answers(torch.rand(2, 1, 13, 18) * 100)
    assert ab.shape == (2, 2, 13, 18)
    assert confidence.shape == (2, 1, 13, 18)
    torch.testing.assert_close(distribution.sum(1), torch.ones(2, 4, 5))

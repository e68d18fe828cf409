"""Each key of a recipe has its effect on what is trained or built: seen in the result, not in the setting."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from photochrom.errors import RecipeError
from photochrom.inference.onnx_model import Network
from photochrom.models import create_network
from photochrom.training import Recipe, load_checkpoint, train
from photochrom.training.export import export_network
from photochrom.training.loading import load_data
from photochrom.training.setup import prepare
from photochrom.training.step import Stepper

BASE = Recipe(
    name="t",
    network="article-1",
    size=16,
    batch=4,
    epochs=1,
    photos=8,
    test_photos=2,
    checkpoint_seconds=0,
    seed=3,
)
HINTED = Recipe(
    name="t",
    network="photochrom-1",
    loss="distribution",
    size=32,
    batch=2,
    optimizer="adamw",
    crop_from=32,
    seed=3,
)
CPU = torch.device("cpu")


@pytest.fixture
def run(photos: Path, tmp_path: Path):
    """Train by the base recipe with changes; give what the run left."""

    def run(folder: str = "run", /, **changes: Any):
        recipe = Recipe.model_validate(BASE.model_dump() | changes)
        result = train(recipe, photos, tmp_path / folder, device="cpu", progress=False)
        return load_checkpoint(result.checkpoint)

    return run


def weights(checkpoint) -> torch.Tensor:
    """Return what was learned, as one vector; statistics of batches are not learned."""
    names = [name for name, _ in checkpoint.network.named_parameters()]
    return torch.cat([checkpoint.weights[name].flatten() for name in names])


def change_of(checkpoint) -> torch.Tensor:
    """Return how far a run has brought its weights from where they started."""
    torch.manual_seed(checkpoint.recipe.seed)
    fresh = create_network(checkpoint.recipe.network)
    return weights(checkpoint) - torch.cat([parameter.detach().flatten() for parameter in fresh.parameters()])


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 4},
        {"photos": 4},
        {"size": 24},
        {"crop_from": 20},
        {"flip": True, "crop_from": 16},
        {"crop_from": 20, "least_crop": 12},
        {"epochs": 2},
        {"batch": 2},
        {"loss": "smooth-l1"},
        {"optimizer": "adamw", "weight_decay": 0.5},
        {"learning_rate": 0.003},
        {"schedule": "cosine", "epochs": 2},
        {"warmup": 5},
        {"grad_clip": 1e-6},
        {"precision": "bfloat16"},
        {"network": "article-2"},
        {"first_phase": {"epochs": 1, "size": 8, "batch": 4}, "epochs": 2, "crop_from": 16},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_decides_the_training_changes_the_weights(run, changes: dict[str, Any]) -> None:
    base, changed = weights(run("base")), weights(run("changed", **changes))
    assert base.shape != changed.shape or not torch.equal(base, changed)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"description": "other"},
        {"checkpoint_seconds": 1e6},
        {"test_photos": 1},
        {"inference_size": 64},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_does_not_decide_the_training_leaves_the_weights_alone(run, changes: dict[str, Any]) -> None:
    assert torch.equal(weights(run("base")), weights(run("changed", **changes)))


def test_weight_decay_makes_weights_smaller(run) -> None:
    still = {"optimizer": "adamw", "learning_rate": 1e-3}
    assert weights(run("a", **still, weight_decay=100.0)).norm() < weights(run("b", **still)).norm()


def test_a_rate_ten_times_as_high_goes_further(run) -> None:
    assert change_of(run("a", learning_rate=1e-2)).norm() > 3 * change_of(run("b", learning_rate=1e-3)).norm()


def test_photos_and_test_photos_are_as_many(photos: Path) -> None:
    training, testing = load_data(BASE.model_copy(update={"photos": 5, "test_photos": 3}), photos, CPU)
    assert (len(training), len(testing)) == (5, 3)


def test_a_capped_collection_gives_a_part_of_its_photos_to_an_epoch(photos: Path, tmp_path: Path) -> None:
    for number, photo in enumerate(sorted((photos / "train_color").iterdir())):
        folder = tmp_path / "data" / ("many" if number < 8 else f"few-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, folder)
    recipe = BASE.model_copy(update={"photos": None, "test_photos": 0, "test_fraction": 0.0})
    whole, capped = (
        train(one, tmp_path / "data", tmp_path / name, device="cpu", progress=False)
        for name, one in (("a", recipe), ("b", recipe.model_copy(update={"collection_cap": 1.5})))
    )
    entries = [load_checkpoint(each.checkpoint) for each in (whole, capped)]
    assert not torch.equal(*map(weights, entries))
    # Of 8, 1, 1, 1, 1 photos 1.5 times the mean is 1.7 at most: five photos make two steps of four, not three.
    assert [step_count(entry) for entry in entries] == [3, 2]


def step_count(checkpoint) -> int:
    """Return how many steps the optimizer took."""
    return int(next(iter(checkpoint.optimizer.values()))["step"])


def test_the_share_for_testing_is_kept_where_the_data_names_none(photos: Path, tmp_path: Path) -> None:
    for photo in (photos / "train_color").iterdir():  # a folder's name may say for which part its photos are
        shutil.copy(photo, tmp_path)
    recipe = BASE.model_copy(update={"test_photos": None, "photos": None})
    kept = {
        share: len(load_data(recipe.model_copy(update={"test_fraction": share}), tmp_path, CPU)[0])
        for share in (0.1, 0.6)
    }
    assert kept[0.6] < kept[0.1]


def test_the_running_mean_is_what_is_used(run) -> None:
    checkpoint = run(ema_decay=0.9, learning_rate=0.01)
    used = torch.cat([parameter.detach().flatten() for parameter in checkpoint.network.parameters()])
    own = torch.cat([checkpoint.weights[name].flatten() for name, _ in checkpoint.network.named_parameters()])
    assert not torch.equal(used, own)


def test_name_and_description_stand_in_the_network_file(run, tmp_path: Path) -> None:
    run(name="mine", description="for my family's photos", inference_size=48)
    card = export_network(tmp_path / "run", tmp_path / "mine.onnx")
    assert (card.name, card.input_size) == ("mine", 48)
    assert card.description == "for my family's photos"
    assert Network(tmp_path / "mine.onnx").card == card


def test_a_checkpoint_is_written_between_epochs_only_as_often_as_asked(run, tmp_path: Path, monkeypatch) -> None:
    from photochrom.training import loop

    written = []
    save = loop.save_checkpoint
    monkeypatch.setattr(loop, "save_checkpoint", lambda *args, **named: (written.append(1), save(*args, **named)))
    run("often", epochs=3)
    often = len(written)
    run("seldom", epochs=3, checkpoint_seconds=1e6)
    assert len(written) - often < often
    assert often > 3 + 1  # within an epoch as well, not after each and at the end alone


def first_step(recipe: Recipe, tmp_path: Path) -> tuple[torch.nn.Module, float]:
    """Build by a recipe and take a step on four drawn photos; give the network and the loss."""
    _, network, optimizer, _ = prepare(recipe, tmp_path / "none", CPU, resume=False)
    y = torch.arange(32)[:, None] * 4
    batch = torch.stack([(y + torch.arange(32) * step).expand(32, 32) for step in (1, 2, 3)]).to(torch.uint8)
    batch = torch.stack([batch, batch.flip(0), batch.flip(1), batch.flip(2)])
    loss = Stepper(recipe, network.train(), optimizer, None, CPU, torch.float32)(batch, 1, 0, 0, 1)
    return network, float(loss)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"degrade_prob": 1.0},
        {"no_hint_prob": 0.0},
        {"recolor_prob": 1.0},
        {"drop_path": 0.9},
        {"pretrained": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_only_the_default_network_knows_changes_its_loss(tmp_path: Path, changes: dict[str, Any]) -> None:
    changed = HINTED.model_copy(update=changes)
    assert first_step(HINTED, tmp_path)[1] != pytest.approx(first_step(changed, tmp_path)[1], rel=1e-4)


@pytest.mark.slow
def test_weights_that_are_begun_with_are_those_of_the_file(run, tmp_path: Path) -> None:
    before = run("before")
    after = run("after", init_from=str(tmp_path / "before"), learning_rate=1e-9)
    assert torch.allclose(weights(before), weights(after), atol=1e-5)
    digest = hashlib.sha256((tmp_path / "before" / "checkpoint.safetensors").read_bytes()).hexdigest()
    run("same", init_from=str(tmp_path / "before"), init_sha256=digest)
    with pytest.raises(RecipeError, match=f"init_sha256: the weights of .*before are others: .* is {digest}"):
        run("others", init_from=str(tmp_path / "before"), init_sha256="0" * 64)
    assert not (tmp_path / "others").exists()


def test_every_key_has_its_effect_tested() -> None:
    others = "test_step.py", "test_on_gpu.py", "../data/test_stream.py"
    files = (Path(__file__), *(Path(__file__).parent / name for name in others))
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [key for key in Recipe.model_fields if f'"{key}"' not in text and f"{key}=" not in text] == []

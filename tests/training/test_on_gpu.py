"""Training on a GPU, as far as it can be tried without one: see `pretended_gpu`."""

import copy

import pytest
import torch

from photochrom.data.photos import find_photos
from photochrom.data.photoset import PhotoSet
from photochrom.errors import TrainingError
from photochrom.models import create_network
from photochrom.models.article import ArticleNetwork
from photochrom.study.ladder import PlannedRun
from photochrom.study.measure import measure_runs
from photochrom.study.results import read_runs
from photochrom.training import load_recipe, train
from photochrom.training.loading import load_data
from photochrom.training.log import RunLog
from photochrom.training.step import Stepper
from training.pretended_gpu import GPU, PretendedGpu
from training_runs import RECIPE, losses

HINTED = {
    "size": "64", "crop_from": "64", "least_crop": "32", "batch": "4", "photos": "4", "test_photos": "2",
    "epochs": "2", "first_phase": "{epochs: 1, size: 32, batch: 4, least_crop: 24}", "degrade_prob": "0.5",
    "pretrained": "false", "precision": "float32",
}  # fmt: skip


@pytest.fixture
def gpu(monkeypatch):
    """A GPU of 80 GB."""
    for name, answer in {
        "device_count": 1,
        "empty_cache": None,
        "get_device_name": "pretended",
        "max_memory_allocated": 1 << 30,
        "mem_get_info": (80 << 30, 80 << 30),
        "memory_allocated": 0,
        "reset_peak_memory_stats": None,
        "synchronize": None,
    }.items():
        monkeypatch.setattr(torch.cuda, name, lambda *_, answer=answer: answer)
    autocast = torch.autocast
    monkeypatch.setattr(torch, "autocast", lambda _, *args, **options: autocast("cpu", *args, **options))

    class Generator(torch.Generator):
        def __new__(cls, device="cpu"):
            return super().__new__(cls)

    monkeypatch.setattr(torch, "Generator", Generator)
    with PretendedGpu() as pretended:
        yield pretended


def on_gpu(module):
    return module.to(GPU, memory_format=torch.channels_last)


def test_what_a_gpu_refuses_is_refused_and_what_waits_is_counted(gpu):
    there = torch.ones(3, device=GPU)
    with pytest.raises(RuntimeError, match="on the CPU and on the GPU"):
        there + torch.ones(3)
    with pytest.raises(RuntimeError, match="on the CPU and on the GPU"):
        there.index_select(0, torch.tensor([1]))
    assert not gpu.waits
    float(there.sum())
    there[there > 0] = 2
    there.cpu()
    torch.ones(2).to(GPU)
    torch.ones(2).to(GPU, non_blocking=True)
    assert sorted(what for what, _ in gpu.waits.elements()) == [
        "__float__", "__setitem__", "copy from the GPU", "copy to the GPU",
    ]  # fmt: skip


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("name", "changes"), [("article-6", {"size": "32", "batch": "4"}), ("photochrom-1", HINTED)]
)
def test_no_step_makes_the_cpu_wait_for_the_gpu(gpu, name, changes, precision):
    recipe = load_recipe(name, changes)
    network = on_gpu(create_network(recipe.network))
    mean = copy.deepcopy(network) if recipe.ema_decay else None
    groups = [{"params": list(network.parameters()), "share": 1.0}]
    take_step = Stepper(recipe, network, torch.optim.AdamW(groups, fused=True), mean, GPU, precision)
    before = copy.deepcopy(network.state_dict())
    gpu.waits.clear()
    for step, epoch in enumerate((1, recipe.epochs)):
        phase = recipe.phase(epoch)
        side = recipe.crop_from or phase.size
        batch = torch.randint(256, (phase.batch, side, side, 3), dtype=torch.uint8, device=GPU).permute(0, 3, 1, 2)
        loss = take_step(batch, epoch, step, step, 2)
    assert not gpu.waits
    assert bool(loss.isfinite())
    assert any(not torch.equal(new, before[key]) for key, new in network.state_dict().items())


def test_a_run_gives_the_losses_that_the_cpu_gives(gpu, photos, tmp_path):
    recipe = load_recipe("photochrom-1", HINTED)
    cpu = train(recipe, photos, tmp_path / "cpu", device="cpu", progress=False)
    run = train(recipe, photos, tmp_path / "gpu", device="cuda:0", progress=False)
    for one, other in zip(losses(run.history), losses(cpu.history), strict=True):
        assert one == pytest.approx(other, rel=2e-3)  # the powers of the colours are rounded otherwise


def test_a_run_that_was_broken_off_goes_on_as_if_it_had_not_been(gpu, photos, tmp_path):
    changes = {"ema_decay": 0.9, "grad_clip": 3.0, "optimizer": "adamw", "precision": "float32"}
    recipe = RECIPE.model_copy(update=changes)
    whole = train(recipe, photos, tmp_path / "whole", device="cuda:0", progress=False)

    def break_off(log, entry):
        if entry.epoch == recipe.epochs:
            raise InterruptedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunLog, "epoch", break_off)
        with pytest.raises(TrainingError):
            train(recipe, photos, tmp_path / "parts", device="cuda:0", progress=False)
    parts = train(recipe, photos, tmp_path / "parts", device="cuda:0", resume=True, progress=False)
    assert losses(parts.history) == losses(whole.history)


def test_waits_grow_with_epochs_and_not_with_steps(gpu, photos, tmp_path, monkeypatch):
    monkeypatch.setattr("photochrom.training.loop.SHOWN_EVERY", 1e9)  # however busy this machine is

    def waits(name, batch, epochs):
        gpu.waits.clear()
        recipe = RECIPE.model_copy(update={"checkpoint_seconds": 1e9, "batch": batch, "epochs": epochs})
        train(recipe, photos, tmp_path / name, device="cuda:0", progress=False)
        return sum(gpu.waits.values())

    assert waits("longer", 12, 4) - waits("short", 12, 2) == 2 * 4  # orders of both sets of photos, both losses
    assert waits("small", 4, 4) - waits("steps", 4, 2) == 2 * 4


def test_cudnn_times_its_algorithms_for_whole_batches_alone(gpu, photos, tmp_path, monkeypatch):
    seen = set()
    propose = ArticleNetwork.propose

    def watched(self, lightness, *rest):
        limit = torch.backends.cudnn.benchmark_limit if torch.backends.cudnn.benchmark else 0
        seen.add((self.training, len(lightness), limit))
        return propose(self, lightness, *rest)

    monkeypatch.setattr(ArticleNetwork, "propose", watched)
    recipe = RECIPE.model_copy(update={"batch": 5, "epochs": 1, "cudnn_benchmark": 7})
    train(recipe, photos, tmp_path / "run", device="cuda:0", progress=False)
    assert seen == {(True, 5, 7), (True, 2, 0), (False, 4, 0)}
    assert not torch.backends.cudnn.benchmark
    seen.clear()
    train(
        recipe.model_copy(update={"cudnn_benchmark": 0}),
        photos,
        tmp_path / "none",
        device="cuda:0",
        progress=False,
    )
    assert seen == {(True, 5, 0), (True, 2, 0), (False, 4, 0)}


def test_a_length_of_time_is_measured_on_the_gpu_too(gpu, photos, tmp_path):
    result = train(RECIPE, photos, tmp_path / "run", device="cuda:0", within=5, progress=False)
    assert result.finished
    assert len(result.history) >= 1


@pytest.mark.filterwarnings("ignore:.pin_memory:UserWarning")
def test_photos_decoded_ahead_arrive_without_a_wait(gpu, photos):
    held = PhotoSet.load(find_photos(photos), 32, device=GPU, hold=True)
    ahead = PhotoSet.load(find_photos(photos), 32, device=GPU, hold=False, workers=0)
    gpu.waits.clear()
    batches = list(ahead.batches(range(16), 8))
    assert not gpu.waits
    assert all(batch.device == GPU for batch in batches)
    for one, other in zip(batches, held.batches(range(16), 8), strict=True):
        assert torch.equal(one, other)


def test_a_study_measures_its_networks_on_the_gpu(gpu, photos, tmp_path):
    recipe = RECIPE.model_copy(update={"epochs": 1})
    train(recipe, photos, tmp_path / "runs" / "one", device="cuda:0", progress=False)
    runs = read_runs([PlannedRun("one", "dev", recipe)], tmp_path / "runs")
    measured = {}
    for device in (GPU, torch.device("cpu")):
        loaded = load_data(recipe, photos, device)
        measured[device.type] = measure_runs(runs, loaded, device)
    for part in ("train", "test"):
        there, here = (measured[kind].colours["one", part] for kind in ("cuda", "cpu"))
        assert there.mse == pytest.approx(here.mse, rel=1e-3)
        assert len(measured["cuda"].samples["one", part]) == len(measured["cpu"].samples["one", part])

"""A study that is split, carried and joined: nothing is lost, nothing is mixed, and damage is seen."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
import torch

from photochrom.cli.main import main
from photochrom.errors import CheckpointError
from photochrom.study import PlannedRun, ladder, pack, plan_study, read_runs, run_study
from photochrom.study.measure import measure_runs
from photochrom.study.merge import staged_runs
from photochrom.study.pack import write_pack
from photochrom.training import load_checkpoint, load_data, train
from photochrom.training.checkpoint import Progress
from photochrom.training.failures import finite

SMALL: dict[str, Any] = {
    "networks": ["article-1", "article-3"], "learning_rates": [0.001, 0.01], "epochs": 2, "photos": 6, "size": 64,
    "final": False,
}  # fmt: skip
ONE = plan_study(**SMALL | {"networks": ["article-1"], "learning_rates": [0.001]})
NAME = "article-1-lr0.001"


def do(plan: list[PlannedRun], photos: Path, output: Path) -> Path:
    """Do the runs of a plan without a report; return the folder."""
    for run in plan:
        train(run.recipe, photos, output / "runs" / run.name, device="cpu", progress=False, resume=True)
    return output


def unpack(packs: list[Path], plan: list[PlannedRun], output: Path) -> list[str]:
    with staged_runs(packs, plan, output) as arrivals:
        for arrival in arrivals:
            arrival.move_in(output / "runs")
        return [arrival.name for arrival in arrivals]


def longer(plan: list[PlannedRun], epochs: int) -> list[PlannedRun]:
    return [PlannedRun(run.name, run.role, run.recipe.model_copy(update={"epochs": epochs})) for run in plan]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """A finished study of one run."""
    return do(ONE, photos, tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory, one: Path) -> Path:
    file = tmp_path_factory.mktemp("packed") / "study.tar"
    assert write_pack(one / "runs", file) == [file]
    return file


def test_a_study_split_over_two_folders_is_merged_and_reported(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def study(output: str, networks: str, *more: str) -> list[str]:
        options = ["--learning-rates", "0.001", "--epochs", "2", "--photos", "6", "--size", "64", "--no-final"]
        where = ["--data", str(photos), "--output", str(tmp_path / output), "--device", "cpu", "--no-photos"]
        assert main(["study", *where, *options, "--networks", networks, *more]) == 0
        return capsys.readouterr().out.split()

    one, other = tmp_path / "one.tar", tmp_path / "other.tar"
    printed = study("one", "article-1", "--pack", str(one))
    assert printed == [str(tmp_path / "one" / "report.html"), str(one)]
    plan = plan_study(**SMALL | {"learning_rates": [0.001]})
    do(plan[1:], photos, tmp_path / "other")
    write_pack(tmp_path / "other" / "runs", other)
    study("merged", "article-1,article-3", "--no-training", "--unpack", str(one), "--unpack", str(other))

    do(plan, photos, tmp_path / "whole")
    merged, whole = (read_runs(plan, tmp_path / name / "runs") for name in ("merged", "whole"))
    assert [run.status for run in merged] == ["finished", "finished"]
    for run, same in zip(merged, whole, strict=True):
        assert [entry.test_loss for entry in run.history] == [entry.test_loss for entry in same.history]
    report = json.loads((tmp_path / "merged" / "report.json").read_text(encoding="utf-8"))
    assert report["runs"] == {"ended": 2, "planned": 2}
    assert "2 of 2 runs are done" in (tmp_path / "merged" / "report.html").read_text(encoding="utf-8")


def test_a_finished_run_is_packed_small_and_says_the_same(tmp_path: Path, photos: Path) -> None:
    """Weights in float16 are enough: what the report measures does not move by a ten-thousandth."""
    plan = plan_study(**SMALL | {"networks": ["article-4"], "learning_rates": [0.01]})
    whole = do(plan, photos, tmp_path / "whole")
    write_pack(whole / "runs", tmp_path / "study.tar")
    unpack([tmp_path / "study.tar"], plan, tmp_path / "small")
    sizes = [
        (at / "runs" / plan[0].name / "checkpoint.safetensors").stat().st_size
        for at in (whole, tmp_path / "small")
    ]
    assert sizes[1] < sizes[0] / 5.9
    data = load_data(plan[0].recipe, photos, torch.device("cpu"))
    before, after = (
        measure_runs(read_runs(plan, at / "runs"), data, torch.device("cpu"), photographs=False)
        for at in (whole, tmp_path / "small")
    )
    for key, colours in before.colours.items():
        assert after.colours[key].mse == pytest.approx(colours.mse, rel=1e-4)
        assert after.colours[key].chroma == pytest.approx(colours.chroma, rel=1e-4)
    for name in ("log.jsonl", "recipe.yaml", "skipped.log"):
        path = Path("runs", plan[0].name, name)
        assert (tmp_path / "small" / path).read_bytes() == (whole / path).read_bytes()


def test_weights_beyond_float16_are_kept(tmp_path: Path, photos: Path) -> None:
    plan = plan_study(**SMALL | {"networks": ["article-1"], "learning_rates": [0.001], "epochs": 1})
    do(plan, photos, tmp_path)
    checkpoint = load_checkpoint(tmp_path / "runs" / NAME)
    weights = next(p for p in checkpoint.network.parameters() if p.numel() >= 1024)
    torch.nn.init.constant_(weights, 1e6)
    (tmp_path / "checkpoint.safetensors").write_bytes(pack.compact_checkpoint(checkpoint))
    assert any(
        bool((p == 1e6).all()) for p in load_checkpoint(tmp_path / "checkpoint.safetensors").network.parameters()
    )


def test_an_unfinished_run_goes_on_after_unpacking_as_if_nothing_had_been(
    tmp_path: Path, photos: Path, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = longer(ONE, 3)
    monkeypatch.setattr(pack, "PART", 100_000)
    run = one / "runs" / NAME
    shutil.copytree(run, tmp_path / "here" / "runs" / NAME)
    whole = do(plan, photos, tmp_path / "whole")
    checkpoint = load_checkpoint(run)
    unfinished = tmp_path / "here" / "runs" / NAME / "checkpoint.safetensors"
    _save_as(unfinished, checkpoint, plan[0])
    parts = write_pack(tmp_path / "here" / "runs", tmp_path / "study.tar")
    assert [path.name for path in parts] == [
        "study.tar",
        *(f"study.tar.{n:02d}" for n in range(2, len(parts) + 1)),
    ]
    assert len(parts) > 5
    assert all(path.stat().st_size <= 100_000 for path in parts)

    assert unpack([tmp_path / "study.tar"], plan, tmp_path / "there") == [NAME]
    do(plan, photos, tmp_path / "there")
    ends = [load_checkpoint(folder / "runs" / NAME) for folder in (whole, tmp_path / "there")]
    assert [entry.epoch for entry in ends[1].history] == [1, 2, 3]
    assert all(torch.equal(tensor, ends[1].weights[name]) for name, tensor in ends[0].weights.items())


def _save_as(path: Path, checkpoint: Any, run: PlannedRun) -> None:
    """Write a checkpoint again as one of a longer run."""
    from photochrom.training.checkpoint import save_checkpoint

    optimizer = torch.optim.Adam(checkpoint.network.parameters())
    optimizer.load_state_dict(optimizer.state_dict() | {"state": checkpoint.optimizer})
    save_checkpoint(path, run.recipe, checkpoint.network, checkpoint.progress, optimizer)


def test_the_run_that_goes_further_stays(tmp_path: Path, photos: Path, one: Path, packed: Path) -> None:
    plan = longer(ONE, 2)
    shorter = do(longer(ONE, 1), photos, tmp_path / "shorter")
    write_pack(shorter / "runs", tmp_path / "shorter.tar")

    assert unpack([packed], plan, shorter) == [NAME]
    assert load_checkpoint(shorter / "runs" / NAME).epoch == 2
    shutil.copytree(one, tmp_path / "whole")
    before = (tmp_path / "whole" / "runs" / NAME / "checkpoint.safetensors").read_bytes()
    for packs in ([packed], [packed, packed]):
        assert unpack(packs, plan, tmp_path / "whole") == []  # the same epochs, and here they can go on
    assert (tmp_path / "whole" / "runs" / NAME / "checkpoint.safetensors").read_bytes() == before
    assert [path.name for path in (tmp_path / "whole").iterdir()] == ["runs"]


def test_a_run_that_diverged_is_carried_with_its_log(
    tmp_path: Path, photos: Path, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(one, tmp_path / "here")
    plan = longer(ONE, 9)

    def diverge(recipe: Any, *_: Any, **__: Any) -> None:
        with (tmp_path / "here" / "runs" / NAME / "log.jsonl").open("a") as log:
            log.write(json.dumps({**json.loads(line), "epoch": 3}) + "\n")
        finite(float("nan"), recipe, Progress(epoch=3))

    line = (one / "runs" / NAME / "log.jsonl").read_text().splitlines()[-1]
    with monkeypatch.context() as patch:
        patch.setattr(ladder, "train", diverge)
        ladder.run_ladder(
            plan, tmp_path / "here" / "runs", lambda _: load_data(ONE[0].recipe, photos, torch.device("cpu"))
        )
    write_pack(tmp_path / "here" / "runs", tmp_path / "study.tar")
    shutil.copytree(one, tmp_path / "there")
    assert unpack([tmp_path / "study.tar"], plan, tmp_path / "there") == [NAME]
    run = read_runs(plan, tmp_path / "there" / "runs")[0]
    assert (run.status, len(run.history)) == ("diverged", 3)
    assert unpack([tmp_path / "study.tar"], plan, tmp_path / "there") == []

    further = do(longer(ONE, 5), photos, tmp_path / "further")  # on a machine where it did not
    write_pack(further / "runs", tmp_path / "further.tar")
    assert unpack([tmp_path / "further.tar"], longer(ONE, 5), tmp_path / "there") == [NAME]
    assert read_runs(longer(ONE, 5), tmp_path / "there" / "runs")[0].complete
    assert not (tmp_path / "there" / "runs" / NAME / "diverged.json").exists()


def test_runs_that_the_plan_leaves_out_are_not_lost(tmp_path: Path, packed: Path) -> None:
    other = plan_study(**SMALL | {"networks": ["article-3"]})
    assert unpack([packed], other, tmp_path) == [NAME]
    assert write_pack(tmp_path / "runs", tmp_path / "again.tar") == [tmp_path / "again.tar"]
    assert (tmp_path / "again.tar").read_bytes() == packed.read_bytes()


def test_another_recipe_is_refused_whole(tmp_path: Path, photos: Path, one: Path, packed: Path) -> None:
    third = do(
        plan_study(**SMALL | {"networks": ["article-3"], "learning_rates": [0.001]}), photos, tmp_path / "third"
    )
    write_pack(third / "runs", tmp_path / "third.tar")
    other = plan_study(**SMALL, changes={"batch": "4"})
    do(other[:1], photos, tmp_path / "other")
    write_pack(tmp_path / "other" / "runs", tmp_path / "other.tar")

    with pytest.raises(CheckpointError, match=r"study\.tar: its run article-1-lr0\.001.*batch 32"):
        unpack([packed], other, tmp_path / "new")
    with pytest.raises(CheckpointError, match=r"other\.tar: its run .* another recipe than .*\(batch 32 there\)"):
        unpack([tmp_path / "third.tar", tmp_path / "other.tar"], [], one)
    with pytest.raises(CheckpointError, match=r"holds 2 epochs, more than 1"):
        unpack([packed], longer(ONE, 1), tmp_path / "new")
    with pytest.raises(CheckpointError, match=r"keeps its weights alone, so it cannot be trained to 3"):
        unpack([packed], longer(ONE, 3), tmp_path / "new")
    assert not (tmp_path / "new" / "runs").exists()
    assert [path.name for path in (one / "runs").iterdir()] == [NAME]


def test_a_run_without_its_optimizer_is_not_trained_further(tmp_path: Path, photos: Path, packed: Path) -> None:
    unpack([packed], ONE, tmp_path)
    with pytest.raises(CheckpointError, match="keeps its weights alone"):
        do(longer(ONE, 3), photos, tmp_path)


def test_other_photos_are_refused(tmp_path: Path, photos: Path, one: Path, packed: Path) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    (tmp_path / "photos" / "train_color" / "0.png").rename(tmp_path / "photos" / "train_color" / "a.png")
    do(ONE, tmp_path / "photos", tmp_path / "other")
    with pytest.raises(CheckpointError, match=r"its run article-1-lr0\.001 was done with other photos than"):
        unpack([packed], ONE, tmp_path / "other")
    with pytest.raises(CheckpointError, match=r"study\.tar: its run .* was done with other photos; give the same"):
        run_study(ONE, tmp_path / "photos", tmp_path / "new", device="cpu", unpack=[packed])
    assert not (tmp_path / "new" / "runs").exists()


def test_damage_is_seen_and_nothing_is_unpacked(
    tmp_path: Path, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = packed.read_bytes()
    damaged = tmp_path / "damaged.tar"
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content in (b"", b"no tar", whole[:1000], whole[: len(whole) // 2], bytes(flipped), whole[512:]):
        damaged.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"damaged\.tar: is damaged.*Nothing was unpacked"):
            unpack([packed, damaged], ONE, tmp_path / "study")
        assert list((tmp_path / "study").iterdir()) == []
    with pytest.raises(CheckpointError, match="there is no such pack"):
        unpack([tmp_path / "none.tar"], ONE, tmp_path / "study")

    (tmp_path / "runs" / NAME).mkdir(parents=True)
    monkeypatch.setattr(pack, "PART", 100_000)
    unpack([packed], ONE, tmp_path)
    parts = write_pack(tmp_path / "runs", tmp_path / "study.tar")
    for gone in (parts[1], parts[-1]):
        kept = gone.read_bytes()
        gone.unlink()
        with pytest.raises(CheckpointError, match="is damaged"):
            unpack([parts[0]], ONE, tmp_path / "study")
        gone.write_bytes(kept)
    assert unpack([parts[0]], ONE, tmp_path / "study") == [NAME]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../../escaped", tarfile.REGTYPE),
        ("/tmp/escaped", tarfile.REGTYPE),
        ("runs/../checkpoint.safetensors", tarfile.REGTYPE),
        ("runs/a/b/checkpoint.safetensors", tarfile.REGTYPE),
        ("runs/a/other.txt", tarfile.REGTYPE),
        (f"runs/{NAME}/checkpoint.safetensors", tarfile.SYMTYPE),
        (f"runs/{NAME}/checkpoint.safetensors", tarfile.LNKTYPE),
        (f"runs/{NAME}/log.jsonl", tarfile.FIFOTYPE),
    ],
)
def test_a_pack_made_to_do_harm_is_refused(tmp_path: Path, name: str, kind: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, "/etc/passwd", 4 if kind == tarfile.REGTYPE else 0
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.addfile(member, io.BytesIO(b"evil"))
    (tmp_path / "deep").mkdir()
    with pytest.raises(CheckpointError, match="which is no part of a study"):
        unpack([tmp_path / "evil.tar"], ONE, tmp_path / "deep" / "study")
    assert {path.name for path in tmp_path.rglob("*")} == {"evil.tar", "deep"}


def test_a_pack_replaces_an_older_and_larger_one_whole(
    tmp_path: Path, one: Path, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pack, "PART", 100_000)
        write_pack(one / "runs", tmp_path / "study.tar")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(pack, "_SUMS", None)  # an error at the very end
        with pytest.raises((ValueError, AttributeError)):  # which, is Python's affair
            write_pack(one / "runs", tmp_path / "study.tar")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert write_pack(one / "runs", tmp_path / "study.tar") == [tmp_path / "study.tar"]
    assert [path.name for path in tmp_path.iterdir()] == ["study.tar"]
    assert (tmp_path / "study.tar").read_bytes() == packed.read_bytes()


def test_a_study_without_runs_has_nothing_to_pack(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no run to pack yet"):
        write_pack(tmp_path / "runs", tmp_path / "study.tar")
    assert list(tmp_path.iterdir()) == []

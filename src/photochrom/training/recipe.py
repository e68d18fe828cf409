"""A recipe: one typed YAML file that holds every choice of a training run."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from photochrom.errors import RecipeError
from photochrom.io.atomic import replace_file
from photochrom.models import list_architectures

__all__ = ["Phase", "Recipe", "list_recipes", "load_recipe", "recipe_text", "save_recipe"]


class Phase(BaseModel):
    """What photos look like to the network for some epochs, and how many make a step."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: int = Field(ge=1)
    size: int = Field(ge=1, le=4096, description="as the recipe's own key, likewise the others")
    batch: int = Field(32, ge=1)
    least_crop: int | None = Field(None, ge=1, le=4096)


class Recipe(BaseModel):
    """Everything that decides what a training run does, but where the photos lie and where the run goes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(min_length=1, description="what the run and the network file are called")
    description: str = Field("", description="one line for people")
    network: str = Field(description="a registered network")
    seed: int = Field(0, ge=0, lt=2**31, description="decides weights, order, crops and the split")

    photos: int | None = Field(None, ge=1, description="train on the first so many photos; null: all")
    test_photos: int | None = Field(None, ge=0, description="test on the first so many; null: all, 0: none")
    test_fraction: float = Field(0.1, ge=0, lt=1, description="share kept for testing where the data names none")
    size: int = Field(400, ge=1, le=4096, description="side in pixels of the squares trained on")
    crop_from: int | None = Field(
        None, ge=1, le=4096, description="hold photos at this side and crop `size` at random"
    )
    least_crop: int | None = Field(
        None, ge=1, le=4096, description="cut squares of this side to `crop_from` and bring them to `size`"
    )
    shuffle_buffer: int | None = Field(
        None, ge=1, description="stream shards and mix so many photos at a time; null: any photo at any time"
    )
    collection_cap: float | None = Field(
        None, gt=1, description="an epoch has at most so many times the mean of a collection's photos; null: all"
    )
    flip: bool = Field(False, description="mirror each photo at random")
    degrade_prob: float = Field(0.0, ge=0, le=1, description="share of photos shown as if they were old")
    no_hint_prob: float = Field(1.0, ge=0, le=1, description="share of photos without colour points")

    recolor_prob: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of photos in which a thing gets another colour, and colour points on it",
    )

    epochs: int = Field(200, ge=1, description="in all")
    first_phase: Phase | None = Field(None, description="the first epochs, of other sizes")
    batch: int = Field(32, ge=1, description="photos per step")
    pretrained: bool = Field(False, description="begin with an encoder that knows photos (ImageNet)")
    init_from: str | None = Field(
        None, description="begin with the weights of a run, a network file or a bundled network; null: afresh"
    )
    init_sha256: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of the weights that init_from names, so that others are refused; null: any",
    )
    loss: Literal["mse", "smooth-l1", "distribution"] = Field(
        "mse", description="between true and proposed a, b; distribution: how likely the true ones were held to be"
    )
    optimizer: Literal["adam", "adamw"] = "adam"
    learning_rate: float = Field(0.001, gt=0, le=10)
    schedule: Literal["constant", "cosine"] = Field("constant", description="cosine falls to 0 at the last step")
    warmup: int = Field(0, ge=0, description="steps in which the learning rate rises from 0")
    drop_path: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="probability that a photo skips one of the encoder's last blocks; less for earlier ones",
    )
    encoder_lr_scale: float = Field(1.0, ge=0, le=1, description="of the learning rate, for the encoder")
    weight_decay: float = Field(0.0, ge=0)
    grad_clip: float | None = Field(
        None, gt=0, description="longest gradient of a step; longer ones are shortened"
    )
    ema_decay: float | None = Field(
        None, gt=0, lt=1, description="keep a running mean of the weights, this share of it from the step before"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="of the arithmetic; weights stay float32; auto: bfloat16 on CUDA, float32 on the CPU",
    )
    accumulate: int = Field(
        1, ge=1, description="parts that a step's photos are passed through the network in, to need less memory"
    )
    cudnn_benchmark: int = Field(
        3, ge=0, description="on CUDA: algorithms timed for each convolution at each size of a batch; 0: none"
    )
    inference_size: int | None = Field(
        None, ge=8, le=4096, description="side that photos are brought to when the network is used; null: `size`"
    )
    checkpoint_seconds: float = Field(60, ge=0, description="least time between two checkpoints")

    @model_validator(mode="after")
    def _possible(self) -> Recipe:
        if self.network not in list_architectures():
            known = ", ".join(list_architectures())
            raise RecipeError("network", f"there is none named {self.network!r}", f"choose one of {known}")
        if self.init_sha256 is not None and self.init_from is None:
            raise RecipeError("init_sha256", "has no effect without init_from", "give both or neither")
        if self.shuffle_buffer is not None and self.collection_cap is not None:
            problem = "cannot be kept to where shards are streamed"
            raise RecipeError(
                "collection_cap", problem, "leave it out (--set collection_cap=null), or shuffle_buffer"
            )
        if self.crop_from is not None and self.crop_from < self.size:
            problem = f"{self.crop_from} is smaller than size, {self.size}"
            raise RecipeError("crop_from", problem, "change one of the two")
        for least in (self.least_crop, self.first_phase.least_crop if self.first_phase else None):
            if least is not None and least > (self.crop_from or 0):
                problem = f"{least} is larger than crop_from, {self.crop_from}"
                raise RecipeError("least_crop", problem, "change one of the two")
        if (
            self.first_phase is not None
            and self.first_phase.least_crop is None
            and self.first_phase.size > (self.crop_from or 0)
        ):
            problem = f"squares of {self.first_phase.size} need a crop_from that holds them"
            raise RecipeError("first_phase", problem, "raise crop_from, or lower the size")
        if self.first_phase is not None and self.first_phase.epochs >= self.epochs:
            problem = f"{self.epochs} leaves none after the first {self.first_phase.epochs}"
            raise RecipeError("epochs", problem, "raise it, or lower the first")
        if self.loss != "distribution":
            for key in ("degrade_prob", "no_hint_prob", "recolor_prob"):
                if getattr(self, key) != Recipe.model_fields[key].default:
                    raise RecipeError(key, f"has no effect with the loss {self.loss}", "use distribution")
        return self

    def phase(self, epoch: int) -> Phase:
        """Return what holds in an epoch, from 1."""
        if self.first_phase is not None and epoch <= self.first_phase.epochs:
            return self.first_phase
        return Phase(epochs=self.epochs, size=self.size, batch=self.batch, least_crop=self.least_crop)

    @property
    def test_loss(self) -> str:
        """What test photos are measured by."""
        return "mse" if self.loss == "distribution" else self.loss


def list_recipes() -> list[str]:
    """Return the names of the recipes that photochrom ships."""
    return sorted(path.stem for path in _shipped().glob("*.yaml"))


def load_recipe(source: str | Path, changes: Mapping[str, str] | None = None) -> Recipe:
    """Read a recipe from a YAML file, or one that photochrom ships by its name.

    Args:
        source: path of a YAML file, or a name such as ``"article-6"``.
        changes: values to put in place of the file's, as YAML text: ``{"epochs": "20"}``.

    Raises:
        RecipeError: if there is no such recipe, or a key is unknown, of the wrong type or impossible; the
            message names the key.
    """
    path = Path(source)
    if not path.is_file() and path.suffix == "" and (_shipped() / f"{source}.yaml").exists():
        path = _shipped() / f"{source}.yaml"
    if not path.is_file():
        raise RecipeError(
            source, "there is no such recipe", f"give a YAML file or one of {', '.join(list_recipes())}"
        )
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:  # ValueError: a date of month 13
        raise RecipeError(source, f"is no YAML: {_where(error)}", "mend it there") from error
    except OSError as error:
        raise RecipeError(source, f"cannot be read ({error.strerror})", "check its permissions") from error
    if not isinstance(values, dict):
        raise RecipeError(source, "is no recipe", "it must hold lines such as  epochs: 200")
    for key, text in (changes or {}).items():
        try:
            values[key] = yaml.load(text, Loader=_Loader)
        except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
            raise RecipeError(key, f"{text!r} is no YAML value", "quote it") from error
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        *others, last = map(_explained, error.errors())
        problem = "; ".join([*map(str, others), last.statement])
        raise RecipeError(source, problem, last.remedy) from error


def save_recipe(recipe: Recipe, path: str | Path) -> None:
    """Write a recipe as a YAML file, whole or not at all."""
    with replace_file(path) as temporary:
        temporary.write_text(recipe_text(recipe), encoding="utf-8")


def recipe_text(recipe: Recipe) -> str:
    """Return a recipe as YAML, every key with its value."""
    return yaml.safe_dump(recipe.model_dump(), sort_keys=False)


class _Loader(yaml.SafeLoader):
    """Reads 1e-3 as a number (YAML 1.1 takes it for text) and refuses a key that stands twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{twice.pop()} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(?:\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def _where(error: Exception) -> str:
    """Say what YAML's reader says, in one line: it names the place in several."""
    return " ".join(str(error).split())


def _explained(found: Any) -> RecipeError:
    """Turn one thing that pydantic found into an error about its key."""
    key = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, Recipe.model_fields, n=1)
        return RecipeError(None, f"unknown key {key}", f"did you mean {near[0]}?" if near else "leave it out")
    if found["type"] == "value_error":
        cause: RecipeError = found["ctx"]["error"]  # as `Recipe` raises it
        return cause
    if found["type"] == "missing":
        return RecipeError(None, f"{key} is missing", "add it")
    said = found["msg"]
    return RecipeError(key, f"{said[0].lower()}{said[1:]}, not {found['input']!r}", "change it")


def _shipped() -> Path:
    """Return the folder of shipped recipes: inside the installed package, or the checkout's."""
    packaged = Path(str(files("photochrom"))) / "recipes"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "recipes"

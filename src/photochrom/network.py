"""Network file: its card, the runtime behind it, and the catalogue of bundled networks."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from photochrom.bins import CELL, bin_centers
from photochrom.errors import NetworkError

__all__ = ["CARD_KEY", "DEFAULT_NETWORK", "Card", "Network", "bundled_networks", "list_networks"]

DEFAULT_NETWORK = "photochrom-1"
CARD_KEY = "photochrom"
"""Key of the card's JSON in the metadata of an ONNX file."""

Device = Literal["auto", "cpu", "cuda"]
Input = Literal["lightness", "hints", "vividness"]
Output = Literal["ab", "confidence", "distribution"]
Planes = NDArray[np.float32]


class Card(BaseModel):
    """What a network file says about itself.

    Attributes:
        format: version of the card's own layout.
        name: what the network is called, such as ``"photochrom-1"``.
        version: of these weights.
        description: one sentence.
        license: SPDX identifier of the weights' licence.
        input_size: side in pixels of the square whose area the network works at.
        inputs: names of the inputs it takes.
        outputs: names of what it returns.
        parameters: number of learned values.
        training: what it was trained on and how long; free keys.
        scores: measured results; free keys.
        recipe: the training recipe that rebuilds it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    name: str = Field(min_length=1)
    version: str
    description: str
    license: str
    input_size: int = Field(ge=8, le=4096)
    inputs: tuple[Input, ...] = ("lightness",)
    outputs: tuple[Output, ...] = ("ab",)
    parameters: int = Field(ge=0)
    training: dict[str, str | int | float] = Field(default_factory=dict)
    scores: dict[str, float] = Field(default_factory=dict)
    recipe: dict[str, Any] = Field(default_factory=dict)


class Network:
    """A network file, open and ready to run.

    Args:
        network: name of a bundled network, or path of an ONNX file that keeps the network contract.
        device: ``"cpu"``, ``"cuda"``, or ``"auto"``: CUDA where ONNX Runtime has it, else the CPU.
        threads: how many to use on the CPU, or None for one per core.

    Attributes:
        card: what the file says about itself.
        path: the file.
        device: where it runs, ``"cpu"`` or ``"cuda"``.

    Raises:
        NetworkError: if there is no such network, the file breaks the contract, or the device is not there.
    """

    def __init__(
        self, network: str | Path = DEFAULT_NETWORK, *, device: Device = "auto", threads: int | None = None
    ) -> None:
        self.path = _locate(network)
        self._session, self.device = _open(self.path, device, threads=threads)
        self.card = _read_card(self._session, self.path)

    def __repr__(self) -> str:
        return f"Network({self.card.name!r}, version {self.card.version}, on {self.device})"

    def require(self, inputs: Sequence[Input] = (), outputs: Sequence[Output] = ()) -> None:
        """Make sure that it takes and gives all of these.

        Raises:
            NetworkError: if it does not.
        """
        for output in outputs:
            if output not in self.card.outputs:
                raise NetworkError(f"{self.card.name} gives no {output}; use a network that does")
        for wish in inputs:
            if wish not in self.card.inputs:
                what = "them" if wish == "hints" else "it"
                raise NetworkError(
                    f"{self.card.name} takes no {wish}; leave {what} out or use a network that does"
                )

    def run(
        self,
        lightness: Planes,
        hints: Planes | None = None,
        vividness: float | None = None,
        *,
        output: Output = "ab",
    ) -> Planes:
        """Propose colours, or say how sure they are.

        Args:
            lightness: float32 [N,1,H,W], 0..100, any H and W.
            hints: float32 [N,3,H,W] (a, b and a mask), or None where nobody hinted anything.
            vividness: 0 (most likely to be true) to 1 (as vivid as photos are), or None for the middle.
            output: which of the network's answers.

        Returns:
            float32. ``"ab"``: a, b [N,2,H,W] in CIELAB units. ``"confidence"``: [N,1,H,W], 0..1, the probability
            that the true a, b are near. ``"distribution"``: [N,Q,⌈H/4⌉,⌈W/4⌉], the probabilities of the colours
            of `photochrom.bins` in each place of 4×4 pixels, whatever the vividness.

        Raises:
            NetworkError: if it takes no hints or no vividness but got some, or has no such output, or fails, or
                returns another shape or values that are no numbers.
        """
        wishes: dict[Input, Any] = {"hints": hints, "vividness": vividness}
        self.require([name for name, given in wishes.items() if given is not None], [output])
        if lightness.ndim != 4 or lightness.shape[1] != 1:
            raise ValueError(f"lightness of shape {lightness.shape} is not [N,1,H,W]")
        count, _, height, width = lightness.shape
        feed: dict[str, Planes] = {"lightness": np.ascontiguousarray(lightness, dtype=np.float32)}
        if "hints" in self.card.inputs:
            if hints is None:
                hints = np.zeros((count, 3, height, width), np.float32)  # mask 0: nobody hinted anything
            elif hints.shape != (count, 3, height, width):
                raise ValueError(f"hints of shape {hints.shape} do not fit lightness of {lightness.shape}")
            feed["hints"] = np.ascontiguousarray(hints, dtype=np.float32)
        if "vividness" in self.card.inputs:
            feed["vividness"] = np.array([0.5 if vividness is None else vividness], np.float32)
        try:
            planes: Planes = self._session.run([output], feed)[0]
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise NetworkError(
                f"{self.path}: the network failed on {width}×{height} pixels ({_first_line(error)}); "
                "use a smaller size or another network"
            ) from error
        expected = _shape_of(output, count, height, width)
        if planes.shape != expected:
            raise NetworkError(
                f"{self.path}: it returned {output} of shape {list(planes.shape)}, not {list(expected)}; "
                "export it again with dynamic height and width"
            )
        if not np.isfinite(planes).all():
            raise NetworkError(f"{self.path}: it returned values that are no numbers; train or fetch it again")
        return planes


def _shape_of(output: Output, count: int, height: int, width: int) -> tuple[int, int, int, int]:
    if output == "distribution":
        return count, len(bin_centers()), -(-height // CELL), -(-width // CELL)
    return count, 2 if output == "ab" else 1, height, width


@lru_cache(maxsize=1)
def bundled_networks() -> dict[str, Path]:
    """Map the names of the networks that come with photochrom to their files, sorted by name."""
    folder = Path(str(files("photochrom"))) / "weights"
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def list_networks() -> list[Card]:
    """Return the cards of the networks that come with photochrom, sorted by name.

    Raises:
        NetworkError: if the file of one is damaged.
    """
    return [_read_card(_open(path, "cpu", optimize=False)[0], path) for path in bundled_networks().values()]


def _locate(network: str | Path) -> Path:
    bundled = bundled_networks()
    if str(network) in bundled:
        return bundled[str(network)]
    path = Path(network)
    if path.is_file():
        return path
    if path.is_dir():
        raise NetworkError(f"{path}: is a folder; give the .onnx file inside it")
    if isinstance(network, Path) or path.suffix == ".onnx" or len(path.parts) > 1:
        raise NetworkError(f"{path}: there is no such network file; check the path")
    near = get_close_matches(str(network), bundled, n=1)
    known = f"did you mean {near[0]}? " if near else ""
    known += f"bundled: {', '.join(bundled)}" if bundled else "no network is bundled"
    raise NetworkError(f"there is no network named {network!r}; {known}; or give the path of an .onnx file")


def _open(
    path: Path, device: Device, *, optimize: bool = True, threads: int | None = None
) -> tuple[Any, Literal["cpu", "cuda"]]:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # or importing it writes an identifier to the home folder
    import onnxruntime as ort

    if device not in ("auto", "cpu", "cuda"):
        raise NetworkError(f"there is no device {device!r}; use auto, cpu or cuda")
    cuda = device != "cpu" and "CUDAExecutionProvider" in ort.get_available_providers()
    if device == "cuda" and not cuda:
        raise NetworkError(
            "this ONNX Runtime has no CUDA; replace it:  pip uninstall onnxruntime && pip install onnxruntime-gpu"
        )
    if cuda:
        _find_cuda(ort)
    ort.disable_telemetry_events()
    options = ort.SessionOptions()
    options.log_severity_level = 4  # what matters arrives as an exception; the rest would clutter a terminal
    options.intra_op_num_threads = threads or 0
    # Memory that its arena keeps for one size of photo is of no use for the next.
    options.enable_cpu_mem_arena = False
    # Threads that wait for the next pass by spinning would take the processors from what follows this one.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not optimize:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"] if cuda else ["CPUExecutionProvider"]
    try:
        session = ort.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # as in Network.run
        raise NetworkError(
            f"{path}: is no ONNX network that can be opened ({_first_line(error)}); export or fetch it again"
        ) from error
    # ONNX Runtime falls back to the CPU without a word where CUDA's own libraries are missing.
    cuda = "CUDAExecutionProvider" in session.get_providers()
    if device == "cuda" and not cuda:
        raise NetworkError(
            "ONNX Runtime found no usable CUDA device; check the driver with nvidia-smi, get CUDA's libraries "
            'with  pip install "onnxruntime-gpu[cuda,cudnn]"  or use cpu'
        )
    return session, "cuda" if cuda else "cpu"


def _find_cuda(ort: Any) -> None:
    """Load CUDA and cuDNN from where pip put them; ONNX Runtime itself looks elsewhere."""
    ort.set_default_logger_severity(4)  # as a session's own: what fails here is said as an error, or is no matter
    if hasattr(ort, "preload_dlls"):  # from version 1.21 on
        with contextlib.redirect_stdout(None):  # it prints what is missing; `_open` finds out and says so
            ort.preload_dlls()


def _read_card(session: Any, path: Path) -> Card:
    text = session.get_modelmeta().custom_metadata_map.get(CARD_KEY)
    if text is None:
        raise NetworkError(f"{path}: carries no photochrom card; make network files with  photochrom export")
    try:
        card = Card.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "card"
        raise NetworkError(
            f"{path}: its card cannot be read ({where}: {first['msg']}); export it again"
        ) from error
    _check_names(path, "inputs", session.get_inputs(), card.inputs, required="lightness")
    _check_names(path, "outputs", session.get_outputs(), card.outputs, required="ab")
    return card


def _check_names(path: Path, what: str, nodes: Sequence[Any], promised: Sequence[str], *, required: str) -> None:
    names = [node.name for node in nodes]
    if sorted(names) != sorted(promised) or required not in names:
        raise NetworkError(
            f"{path}: has the {what} {json.dumps(names)} where its card says {json.dumps(list(promised))}; "
            "export it again"
        )
    for node in nodes:
        if node.type != "tensor(float)":
            raise NetworkError(f"{path}: {node.name} is {node.type}, not float32; export it again")


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200]

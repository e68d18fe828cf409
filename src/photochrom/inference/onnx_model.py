"""A network file, open in ONNX Runtime: lightness, hints and vividness in, colours out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import CELL, bin_centers
from photochrom.errors import CapabilityError, NetworkError, reason_of
from photochrom.inference.card import Card, Input, Output, read_card
from photochrom.inference.catalogue import DEFAULT_NETWORK, bundled_networks, network_file

__all__ = ["Device", "Network", "list_networks"]

Device = Literal["auto", "cpu", "cuda"]
Planes = NDArray[np.float32]


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
        self.path = network_file(network)
        self._session, self.device = _open(self.path, device, threads=threads)
        self.card = read_card(self._session, self.path)

    def __repr__(self) -> str:
        return f"Network({self.card.name!r}, version {self.card.version}, on {self.device})"

    def require(self, inputs: Sequence[Input] = (), outputs: Sequence[Output] = ()) -> None:
        """Make sure that it takes and gives all of these.

        Raises:
            CapabilityError: if it does not.
        """
        for output in outputs:
            if output not in self.card.outputs:
                raise CapabilityError(self.card.name, f"gives no {output}", "use a network that does")
        for name in inputs:
            if name not in self.card.inputs:
                what = "them" if name == "hints" else "it"
                raise CapabilityError(
                    self.card.name, f"takes no {name}", f"leave {what} out or use a network that does"
                )

    def run(
        self,
        lightness: Planes,
        hints: Planes | None = None,
        vividness: float | None = None,
        *,
        outputs: Sequence[Output] | None = None,
    ) -> dict[Output, Planes]:
        """Make one pass: predict colours, and how sure they are.

        Args:
            lightness: float32 [N,1,H,W], 0..100, any H and W.
            hints: float32 [N,3,H,W] (a, b and a mask), or None where nobody hinted anything.
            vividness: 0 (most likely to be true) to 1 (as vivid as photos are), or None for the middle.
            outputs: which of its outputs, or None for all. All of them cost little more than one.

        Returns:
            float32 by output. ``"ab"``: a, b [N,2,H,W] in CIELAB units. ``"confidence"``: [N,1,H,W], 0..1, the
            probability that the true a, b are near. ``"distribution"``: [N,Q,⌈H/4⌉,⌈W/4⌉], the probabilities of
            the colours of `photochrom.color.ab_bins` in each place of 4×4 pixels, whatever the vividness.

        Raises:
            NetworkError: if it takes no hints or no vividness but got some, or has no such output, or fails, or
                returns another shape or values that are no numbers.
        """
        options: dict[Input, Any] = {"hints": hints, "vividness": vividness}
        outputs = self.card.outputs if outputs is None else outputs
        self.require([name for name, given in options.items() if given is not None], outputs)
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
            answers: dict[Output, Planes] = dict(zip(outputs, self._session.run(outputs, feed), strict=True))
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise NetworkError(
                self.path,
                f"the network failed on {width}×{height} pixels ({reason_of(error, self.path)})",
                "use a smaller size or another network",
            ) from error
        for output, planes in answers.items():
            expected = _shape_of(output, count, height, width)
            if planes.shape != expected:
                raise NetworkError(
                    self.path,
                    f"it returned {output} of shape {list(planes.shape)}, not {list(expected)}",
                    "export it again with dynamic height and width",
                )
            if not np.isfinite(planes).all():
                raise NetworkError(self.path, "it returned values that are no numbers", "train or fetch it again")
        return answers


def _shape_of(output: Output, count: int, height: int, width: int) -> tuple[int, int, int, int]:
    if output == "distribution":
        return count, len(bin_centers()), -(-height // CELL), -(-width // CELL)
    return count, 2 if output == "ab" else 1, height, width


def list_networks() -> list[Card]:
    """Return the cards of the networks that come with photochrom, sorted by name.

    Raises:
        NetworkError: if the file of one is damaged.
    """
    return [read_card(_open(path, "cpu", optimize=False)[0], path) for path in bundled_networks().values()]


def _open(
    path: Path, device: Device, *, optimize: bool = True, threads: int | None = None
) -> tuple[Any, Literal["cpu", "cuda"]]:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # or importing it writes an identifier to the home folder
    import onnxruntime as ort

    if device not in ("auto", "cpu", "cuda"):
        raise NetworkError(None, f"there is no device {device!r}", "use auto, cpu or cuda")
    cuda = device != "cpu" and "CUDAExecutionProvider" in ort.get_available_providers()
    if device == "cuda" and not cuda:
        raise NetworkError(
            None,
            "this ONNX Runtime has no CUDA",
            "replace it:  pip uninstall onnxruntime && pip install onnxruntime-gpu",
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
            path, f"is no ONNX network that can be opened ({reason_of(error, path)})", "export or fetch it again"
        ) from error
    # ONNX Runtime falls back to the CPU without a word where CUDA's own libraries are missing.
    cuda = "CUDAExecutionProvider" in session.get_providers()
    if device == "cuda" and not cuda:
        raise NetworkError(
            None,
            "ONNX Runtime found no usable CUDA device",
            "check the driver with nvidia-smi, get CUDA's libraries with  "
            'pip install "onnxruntime-gpu[cuda,cudnn]"  or use cpu',
        )
    return session, "cuda" if cuda else "cpu"


def _find_cuda(ort: Any) -> None:
    """Load CUDA and cuDNN from where pip put them; ONNX Runtime itself looks elsewhere."""
    ort.set_default_logger_severity(4)  # as a session's own: what fails here is said as an error, or is no matter
    if hasattr(ort, "preload_dlls"):  # from version 1.21 on
        with contextlib.redirect_stdout(None):  # it prints what is missing; `_open` finds out and says so
            ort.preload_dlls()

"""Sessions of ONNX Runtime: a network file opened on the CPU, or on an accelerator that it can use.

ONNX Runtime comes as one of several packages that exclude each other, each with its own providers: see
`ACCELERATORS`. What a provider computes is compared with the CPU's answer before it is used, for some have been
seen to give other colours without a word.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from photochrom.cache_folder import cache_folder
from photochrom.errors import NetworkError, reason_of

__all__ = ["ACCELERATORS", "Accelerator", "Device", "open_session", "probe_feed"]

Device = Literal["auto", "cpu", "cuda", "openvino", "directml", "coreml"]

_MOST = 1.0  # CIELAB units: mean difference from the CPU's colours that an accelerator may have
_PROBE = 64  # pixels: side of what it is tried on
_WEIGHTS = {".pth", ".pt", ".bin", ".safetensors", ".ckpt"}  # what files of weights without a graph are called


@dataclass(frozen=True)
class Accelerator:
    """A way for ONNX Runtime to run a network elsewhere than on its own CPU kernels.

    Attributes:
        provider: name of the execution provider.
        how: what to do where it is missing, as a remedy.
        options: of the provider; where there are several, the first that can be used.
        automatic: whether `auto` takes it where it is there.
    """

    provider: str
    how: str
    options: tuple[dict[str, str], ...] = ({},)
    automatic: bool = True


# Of itself, OpenVINO would compute with bfloat16 where a processor has it.
_FLOAT32 = '{"CPU": {"INFERENCE_PRECISION_HINT": "f32"}, "GPU": {"INFERENCE_PRECISION_HINT": "f32"}}'


def _instead(package: str) -> str:
    return f"replace it:  pip uninstall onnxruntime && pip install {package}"


ACCELERATORS: dict[str, Accelerator] = {
    "cuda": Accelerator("CUDAExecutionProvider", _instead('"onnxruntime-gpu[cuda,cudnn]"')),
    "directml": Accelerator("DmlExecutionProvider", f"on Windows, {_instead('onnxruntime-directml')}"),
    "openvino": Accelerator(
        "OpenVINOExecutionProvider",
        _instead("onnxruntime-openvino"),
        tuple({"device_type": kind, "load_config": _FLOAT32} for kind in ("GPU", "CPU")),
    ),
    # Part of ONNX Runtime on every Mac, and slower than the CPU for photos of ever new sizes.
    "coreml": Accelerator(
        "CoreMLExecutionProvider", "use a Mac, or cpu", ({"ModelFormat": "MLProgram"},), automatic=False
    ),
}
"""By the name that `--device` has for them, the one first that `auto` prefers."""


def open_session(
    path: Path, device: Device = "auto", *, optimize: bool = True, threads: int | None = None
) -> tuple[Any, str]:
    """Open a network file.

    Args:
        path: the file.
        device: ``"cpu"``, a name from `ACCELERATORS`, or ``"auto"`` for the first of these that is there and
            computes what the CPU does, else the CPU.
        optimize: spend time on making it run faster.
        threads: how many to use on the CPU, or None for one per core.

    Returns:
        The session, and the name of the device where it runs.

    Raises:
        NetworkError: if the file is no network, or the device is not there or cannot be used.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # or importing it writes an identifier to the home folder
    import onnxruntime as ort

    if device not in get_args(Device):
        known = ", ".join(get_args(Device))
        raise NetworkError(None, f"there is no device {device!r}", f"use one of {known}")
    ort.disable_telemetry_events()
    there = set(ort.get_available_providers())
    if device in ACCELERATORS and ACCELERATORS[device].provider not in there:
        problem = f"this ONNX Runtime has no {ACCELERATORS[device].provider.removesuffix('ExecutionProvider')}"
        raise NetworkError(None, problem, ACCELERATORS[device].how)
    wanted: list[str] = [device] if device in ACCELERATORS else []
    if device == "auto":
        wanted = [name for name, each in ACCELERATORS.items() if each.automatic and each.provider in there]
    for name in wanted:
        try:
            return _accelerated(ort, path, name, threads), name
        except NetworkError:
            if device != "auto":
                raise
    return _session(ort, path, _options(ort, threads, optimize=optimize), []), "cpu"


def probe_feed(session: Any, side: int) -> dict[str, np.ndarray[Any, Any]]:
    """Make inputs to try a session on: a slope for each, of the fixed sizes where it has some.

    Args:
        session: of ONNX Runtime.
        side: what a side that may have any length gets.
    """
    feed = {}
    for number, node in enumerate(session.get_inputs()):
        shape = [
            size if isinstance(size, int) else (side if axis > 1 else 1) for axis, size in enumerate(node.shape)
        ]
        kind = np.float16 if node.type == "tensor(float16)" else np.float32
        # Hints with a mask that is a slope are none that a network knows, so all but the first input are 0.
        top = 100.0 if number == 0 else 0.0
        feed[node.name] = np.linspace(0, top, int(np.prod(shape)), dtype=kind).reshape(shape)
    return feed


def _accelerated(ort: Any, path: Path, name: str, threads: int | None) -> Any:
    accelerator = ACCELERATORS[name]
    ort.set_default_logger_severity(4)  # as a session's own: what fails here is said as an error, or is no matter
    if name == "cuda":
        _find_cuda(ort)
    options = _options(ort, threads)
    if name == "directml":  # which can do with neither
        options.enable_mem_pattern = False
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    for chosen in accelerator.options:
        settings = {**chosen, "num_of_threads": str(threads)} if name == "openvino" and threads else chosen
        session = _session(ort, path, options, [(accelerator.provider, settings)])
        # ONNX Runtime falls back to the CPU without a word where a device, or a provider's library, is missing.
        if accelerator.provider in session.get_providers():
            _compare(ort, path, session, name)
            return session
    remedy = "check the driver, and that the package's own libraries are there; or use cpu"
    if name == "cuda":
        remedy = (
            "check the driver with nvidia-smi, get CUDA's libraries with  "
            'pip install "onnxruntime-gpu[cuda,cudnn]"  or use cpu'
        )
    raise NetworkError(None, f"ONNX Runtime found no usable {name} device", remedy)


def _compare(ort: Any, path: Path, session: Any, name: str) -> None:
    """Make sure that an accelerator computes what the CPU does."""
    feed = probe_feed(session, _PROBE)
    plain = _session(ort, path, _options(ort, None, optimize=False), [])
    try:
        expected, found = plain.run(None, feed)[0], session.run(None, feed)[0]
    except Exception as error:  # ONNX Runtime's errors share no base class of their own
        raise NetworkError(
            path, f"{name} cannot run the network ({reason_of(error, path)})", "use cpu, or another network"
        ) from error
    apart = float(np.abs(expected.astype(np.float32) - found.astype(np.float32)).mean())
    if not apart <= _MOST:
        raise NetworkError(
            path,
            f"{name} gives other colours than the CPU, by {apart:.1f} on average",
            "use cpu, or export it again",
        )


def _options(ort: Any, threads: int | None, *, optimize: bool = True) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 4  # what matters arrives as an exception; the rest would clutter a terminal
    options.intra_op_num_threads = threads or 0
    # Memory that its arena keeps for one size of photo is of no use for the next.
    options.enable_cpu_mem_arena = False
    # Threads that wait for the next pass by spinning would take the processors from what follows this one.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not optimize:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


def _session(ort: Any, path: Path, options: Any, providers: list[Any]) -> Any:
    try:
        return ort.InferenceSession(str(path), options, providers=[*providers, "CPUExecutionProvider"])
    except Exception as error:  # as in `_compare`
        raise NetworkError(
            path, f"is no ONNX network that can be opened ({reason_of(error, path)})", _remedy(path)
        ) from error


def _remedy(path: Path) -> str:
    if path.suffix.lower() in _WEIGHTS:
        return f"give an .onnx file; of published weights  photochrom networks pull NAME --from {path}  makes one"
    if path.parent.parent == cache_folder("networks"):
        return f"photochrom networks remove {path.stem}  and pull it again"
    return "export or fetch it again"


def _find_cuda(ort: Any) -> None:
    """Load CUDA and cuDNN from where pip put them; ONNX Runtime itself looks elsewhere."""
    if hasattr(ort, "preload_dlls"):  # from version 1.21 on
        with contextlib.redirect_stdout(None):  # it prints what is missing; `_accelerated` finds out and says so
            ort.preload_dlls()

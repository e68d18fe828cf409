"""A GPU that is none: tensors in ordinary memory that say they are on ``cuda:0``, watched by a mode.

Arithmetic is the CPU's, so a run on it must give the CPU's own losses. What a GPU would refuse is refused: an
operation on tensors of both sides. What would make the CPU wait for it is counted, with the line that asks for it:
numbers and tensors that are fetched, and results whose size depends on values. Copies to it are counted where they
wait for what it has still to do.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

GPU = torch.device("cuda:0")
_PACKAGE = str(Path("src") / "photochrom")
_NUMBERS = ("item", "__float__", "__int__", "__bool__", "__index__", "tolist", "numpy", "__array__", "equal")
_SIZES_FROM_VALUES = ("nonzero", "masked_select", "unique", "argwhere")


class OnGpu(Tensor):
    """A tensor that says it is on the GPU."""

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return GPU

    @property
    def is_cuda(self) -> bool:  # type: ignore[override]
        return True


class PretendedGpu(TorchFunctionMode):
    """Within it, ``cuda:0`` is there.

    Attributes:
        waits: how often each line made the CPU wait: by (what, "file:line").
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: Counter[tuple[str, str]] = Counter()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name == "__get__":  # of an attribute; a gradient or a `data` is where its tensor is
            return self._placed(_plainly(func, args, kwargs), any(isinstance(x, OnGpu) for x in args))
        if name == "__deepcopy__" and isinstance(args[0], OnGpu):
            return _copy(args[0], args[1])
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        here = any(isinstance(x, OnGpu) for x in tensors)
        if name in ("to", "cpu", "cuda") and tensors:
            return self._moved(name, args, kwargs)
        if name == "copy_":
            if isinstance(args[0], OnGpu) != isinstance(args[1], OnGpu):
                self._copied(isinstance(args[0], OnGpu), kwargs.get("non_blocking", False))
            return _plainly(func, args, kwargs)
        if name == "_has_compatible_shallow_copy_type":  # a module that is moved gets new parameters
            return False
        if name == "__setitem__" and here and isinstance(args[2], Tensor) and not isinstance(args[2], OnGpu):
            self._copied(True, False)
            tensors = [x for x in tensors if x is not args[2]]
        if here and any(not isinstance(x, OnGpu) and x.ndim for x in tensors):
            raise RuntimeError(f"{name}: tensors on the CPU and on the GPU")
        if here and (name in _NUMBERS or name in _SIZES_FROM_VALUES or _by_mask(name, args)):
            self._wait(name)
        if name == "__iter__" and here:
            return iter([self._placed(x, True) for x in _plainly(Tensor.unbind, args, {})])
        if kwargs.get("device") is not None:
            here = torch.device(kwargs["device"]).type == "cuda"
            kwargs["device"] = "cpu"
        return self._placed(_plainly(func, args, kwargs), here)

    def _moved(self, name: str, args: Any, kwargs: Any) -> Any:
        tensor, *rest = args
        if name == "to":
            like = next((x for x in rest if isinstance(x, Tensor)), None)
            if like is not None:
                return self._placed(
                    tensor.as_subclass(Tensor).to(like.as_subclass(Tensor)), isinstance(like, OnGpu)
                )
            device, dtype, non_blocking, layout = torch._C._nn._parse_to(
                *rest, **{k: v for k, v in kwargs.items() if k != "copy"}
            )
        else:
            device, dtype, non_blocking, layout = torch.device(name), None, kwargs.get("non_blocking", False), None
        if sys._getframe(2).f_code.co_filename.endswith("clip_grad.py"):
            device = None  # it asks C++ where its tensors are, which knows better
        before = isinstance(tensor, OnGpu)
        after = before if device is None else device.type == "cuda"
        if before != after:
            self._copied(after, non_blocking)
        options = {} if layout is None else {"memory_format": layout}
        copy = before != after or kwargs.get("copy", False)
        if not copy and dtype in (None, tensor.dtype) and layout is None:
            return tensor
        plain = _plainly(Tensor.as_subclass, (tensor, Tensor), {})
        return self._placed(_plainly(Tensor.to, (plain, dtype or tensor.dtype), {"copy": copy, **options}), after)

    def _copied(self, to_gpu: bool, non_blocking: bool) -> None:
        if not to_gpu:
            self._wait("copy from the GPU")
        elif not non_blocking:
            self._wait("copy to the GPU")

    def _wait(self, what: str) -> None:
        frame = sys._getframe(1)
        while frame is not None and _PACKAGE not in frame.f_code.co_filename:
            frame = frame.f_back  # type: ignore[assignment]
        where = "elsewhere" if frame is None else f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        self.waits[what, where] += 1

    def _placed(self, result: Any, here: bool) -> Any:
        def place(x: Any) -> Any:
            if not isinstance(x, Tensor) or isinstance(x, OnGpu) == here:
                return x
            return _plainly(Tensor.as_subclass, (x, OnGpu if here else Tensor), {})

        return tree_map(place, result)


def _plainly(func: Any, args: Any, kwargs: Any) -> Any:
    with torch._C.DisableTorchFunctionSubclass():
        return func(*args, **kwargs)


def _by_mask(name: str, args: Any) -> bool:
    masks = [x for x in tree_leaves(args[1:2]) if isinstance(x, Tensor)]
    return name in ("__getitem__", "__setitem__") and any(x.dtype in (torch.bool, torch.uint8) for x in masks)


def _copy(tensor: Tensor, memo: dict[int, Any]) -> Tensor:
    if id(tensor) not in memo:
        whole = _plainly(Tensor.as_subclass, (tensor.detach().clone(), OnGpu), {})
        whole.requires_grad_(tensor.requires_grad)
        if getattr(tensor, "_is_param", False):
            whole._is_param = True
        memo[id(tensor)] = whole
    return memo[id(tensor)]

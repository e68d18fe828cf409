"""A network file, open in ONNX Runtime: lightness, hints and vividness in, colours out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import CELL, bin_centers
from photochrom.errors import CapabilityError, NetworkError, PhotochromError, reason_of
from photochrom.inference.card import FEATURE_CELL, Card, Input, Output, has_card, read_card
from photochrom.inference.catalogue import DEFAULT_NETWORK, local_networks, network_file, read_merge
from photochrom.inference.merge import MergedSession, merged_card
from photochrom.inference.onnx_session import Device, open_session
from photochrom.inference.published.download import file_sha256
from photochrom.inference.published.foreign import adopt

__all__ = ["Network", "list_networks"]

Planes = NDArray[np.float32]


class Network:
    """A network, open and ready to run.

    Args:
        network: name of a bundled or pulled network; path of an ONNX file that keeps the network contract, or is
            an export of others' that is recognised (`photochrom.inference.published.foreign`); or two of these as
            ``"first+second"`` or ``"first+second:share"``, whose colours are mixed.
        device: ``"cpu"``, an accelerator's name, or ``"auto"``, as `photochrom.inference.onnx_session` has them.
        threads: how many to use on the CPU, or None for one per core.

    Attributes:
        card: what the network says about itself.
        path: what opens it again: its file, or the merge as it was given.
        files: all that it consists of: the file, or both of a merge, and weights that ONNX keeps beside one.
        device: where it runs.

    Raises:
        NetworkError: if there is no such network, the file breaks the contract, or the device is not there.
        DownloadError: if it is a published network that was not pulled yet.
    """

    def __init__(
        self, network: str | Path = DEFAULT_NETWORK, *, device: Device = "auto", threads: int | None = None
    ) -> None:
        merge = read_merge(network)
        self._parts: tuple[Network, ...] = ()
        self._session: Any
        self.path: Path
        self.files: tuple[Path, ...]
        self.device: str
        self.card: Card
        if merge is not None:
            first, second = (Network(name, device=device, threads=threads) for name in (merge.first, merge.second))
            self._parts, self.path, self.device = (first, second), Path(str(network)), first.device
            self.files = first.files + second.files
            self._session = MergedSession(first, second, merge.share)
            self.card = merged_card(first.card, second.card, merge.share)
            return
        self.path = network_file(network)
        self.files = (self.path, *_external_data(self.path))
        self._session, self.device = open_session(self.path, device, threads=threads)
        if has_card(self._session):
            self.card = read_card(self._session, self.path)
        else:
            self._session, self.card = adopt(self._session, self.path)

    def __repr__(self) -> str:
        return f"Network({self.card.name!r}, version {self.card.version}, on {self.device})"

    @cached_property
    def sha256(self) -> str:
        """SHA-256 that tells these weights from others, in hexadecimal digits.

        Of a published network it is that of the authors' file, whatever wrote the network file; else that of the
        network file, with the weights beside it. A merge has one of both and their shares.
        """
        if self._parts:
            named = f"{self.card.name} {' '.join(part.sha256 for part in self._parts)}"
            return hashlib.sha256(named.encode()).hexdigest()
        if self.card.sha256:
            return self.card.sha256
        digests = [file_sha256(path) for path in self.files]
        return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()

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
                remedy = "leave them out or use a network that does"
                if name == "vividness":
                    remedy = "leave it out, strengthen all colours alike by saturation, or use a network that does"
                raise CapabilityError(self.card.name, f"takes no {name}", remedy)

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
            ``"features"``: [N,C,⌈H/8⌉,⌈W/8⌉], of unit length, by which places of 8×8 pixels are found again in
            other photos.

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
        except PhotochromError:  # of a merge's part
            raise
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise NetworkError(
                self.path,
                f"the network failed on {width}×{height} pixels ({reason_of(error, self.path)})",
                "use a smaller size or another network",
            ) from error
        for output, planes in answers.items():
            expected = _shape_of(output, planes, count, height, width)
            if planes.shape != expected:
                raise NetworkError(
                    self.path,
                    f"it returned {output} of shape {list(planes.shape)}, not {list(expected)}",
                    "export it again with dynamic height and width",
                )
            if not np.isfinite(planes).all():
                raise NetworkError(self.path, "it returned values that are no numbers", "train or fetch it again")
        return answers


def _external_data(path: Path) -> tuple[Path, ...]:
    """Return the files of weights beside a network file, by the names that exporters give them."""
    beside = (path.with_name(path.name + suffix) for suffix in (".data", "_data"))
    return tuple(each for each in beside if each.is_file())


def _shape_of(output: Output, planes: Planes, count: int, height: int, width: int) -> tuple[int, ...]:
    if output == "distribution":
        return count, len(bin_centers()), -(-height // CELL), -(-width // CELL)
    if output == "features":  # as many as it likes
        return count, *planes.shape[1:2], -(-height // FEATURE_CELL), -(-width // FEATURE_CELL)
    return count, 2 if output == "ab" else 1, height, width


def list_networks() -> list[Card]:
    """Return the cards of the networks on this computer: those that come with photochrom, then those pulled.

    Raises:
        NetworkError: if the file of one is damaged.
    """
    return [read_card(open_session(path, "cpu", optimize=False)[0], path) for path in local_networks().values()]

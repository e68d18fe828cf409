"""A worker: a process that has the networks open and does one job after the other."""

from __future__ import annotations

import os
import sys
import traceback
from collections import OrderedDict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.batch.plan import result_suffix
from photochrom.color.cielab import rgb_to_lab
from photochrom.colorizer import Colorizer
from photochrom.errors import (
    CapabilityError,
    NetworkError,
    OutputError,
    PhotochromError,
    PhotoError,
    PixelLimitError,
    TooLargeError,
    UnexpectedError,
    UnfitError,
)
from photochrom.inference.preprocess import network_shape
from photochrom.io import writer
from photochrom.io.cached import KeptPhoto
from photochrom.server.jobs import (
    Alternatives,
    Answer,
    Choose,
    Colorize,
    Confidence,
    Done,
    Forget,
    Job,
    Look,
    Original,
    Ready,
    Refused,
    Seen,
    Setup,
    Suggest,
)
from photochrom.server.refusals import FullError
from photochrom.workers.process import inbox

__all__ = ["Desk", "work"]

_KEPT_BYTES = 256 << 20  # of decoded copies of photos
_KEPT = 64  # photos
_GREY = 6.0  # CIELAB units; a photo is grey if all but one pixel in a hundred have less chroma


def work(pipe: Connection[Any, Any], setup: Setup) -> None:
    """Do jobs from the pipe, in a process of its own."""
    os.environ["VIPS_CONCURRENCY"] = str(setup.threads)
    if hasattr(os, "nice"):
        os.nice(5)  # the front process answers first, however busy the workers are
    jobs = inbox(pipe)
    try:
        try:
            desk = Desk(setup)
        except PhotochromError as error:
            pipe.send(error)
            return
        pipe.send(Ready(desk.cards))
        while True:
            job = jobs.get()
            if isinstance(job, Forget):
                desk.forget(job.key)
            else:
                pipe.send(desk.do(job))
    except OSError:
        os._exit(1)  # nobody is there to hear


class Desk:
    """Has networks open, remembers what it decoded of photos, and does jobs.

    Raises:
        NetworkError: if a network cannot be opened, or two have one name.
    """

    def __init__(self, setup: Setup) -> None:
        self._colorizers: dict[str, Colorizer] = {}
        for network in setup.networks:
            colorizer = Colorizer(network, device=setup.device, threads=setup.threads)
            if colorizer.card.name in self._colorizers:
                raise NetworkError(
                    network, f"another network is called {colorizer.card.name} too", "leave one out"
                )
            self._colorizers[colorizer.card.name] = colorizer
        self._kept: OrderedDict[str, KeptPhoto] = OrderedDict()
        for pixels in (np.zeros((8, 8, 1), np.uint8), np.zeros((8, 8, 3), np.uint8)):
            self._default(pixels)  # so that the first photo does not wait for tables of colours to be computed

    @property
    def _default(self) -> Colorizer:
        return next(iter(self._colorizers.values()))

    @property
    def cards(self) -> tuple[Any, ...]:
        """The networks' cards, the default's first."""
        return tuple(colorizer.card for colorizer in self._colorizers.values())

    def do(self, job: Job) -> Answer:
        """Do one job; whatever goes wrong is in the answer."""
        try:
            return self._do(job)
        except PixelLimitError as error:  # whose limit is not the user's to raise
            return Refused(413, PixelLimitError(error.subject, error.problem, "shrink it first"))
        except TooLargeError as error:
            return Refused(413, error)
        except PhotoError as error:
            return Refused(415, error)
        except UnfitError as error:
            return Refused(422, error.about(job.name))
        except CapabilityError as error:
            return Refused(422, error)
        except NetworkError as error:
            print(f"photochrom: {error}", file=sys.stderr)
            return Refused(500, NetworkError(job.name, "the network failed on it", "try another network"))
        except OutputError as error:
            print(f"photochrom: {error}", file=sys.stderr)
            problem = "the service has no room for its result"
            return Refused(503, FullError(job.name, problem, "try again later"))
        except MemoryError:
            problem = "needs more memory than the service has"
            return Refused(503, TooLargeError(job.name, problem, "shrink it first"))
        except Exception:
            traceback.print_exc()
            problem, remedy = "failed as no photo should", "the service's log says more"
            return Refused(500, UnexpectedError(job.name, problem, remedy))

    def forget(self, key: str) -> None:
        """Let go of what was decoded of a photo."""
        self._kept.pop(key, None)

    def _do(self, job: Job) -> Answer:
        photo = self._photo(job)
        colorizer = self._colorizer(job)
        try:
            match job:
                case Look():
                    return Done(value=_look(photo, colorizer, job))
                case Original():
                    return _original(photo, job)
                case Colorize():
                    return _colorize(photo, colorizer, job)
                case Confidence(long_edge=long_edge):
                    self._require(colorizer, job, "confidence")
                    target = _target(job, ".png")
                    colorizer.write_confidence(photo, target, job.options, long_edge=long_edge)
                    return Done(target)
                case Alternatives(n=n, seed=seed):
                    self._require(colorizer, job, "distribution")
                    return Done(value=tuple(colorizer.alternative_hints(photo, n, job.options, seed=seed)))
                case Suggest(n=n):
                    self._require(colorizer, job, "distribution")
                    return Done(value=tuple(colorizer.suggest_hints(photo, n, job.options)))
                case Choose(x=x, y=y):
                    return Done(value=colorizer.choices(photo, x, y, job.options))
        finally:
            self._trim()
        raise AssertionError(job)

    def _photo(self, job: Job) -> KeptPhoto:
        if job.key is None:
            return KeptPhoto(job.photo, name=job.name)
        if job.key not in self._kept:
            self._kept[job.key] = KeptPhoto(job.photo, name=job.name)
        self._kept.move_to_end(job.key)
        return self._kept[job.key]

    def _trim(self) -> None:
        while len(self._kept) > _KEPT or sum(kept.nbytes for kept in self._kept.values()) > _KEPT_BYTES:
            self._kept.popitem(last=False)

    def _colorizer(self, job: Job) -> Colorizer:
        colorizer = self._colorizers[job.network] if job.network else self._default
        colorizer.check(job.options)
        return colorizer

    def _require(self, colorizer: Colorizer, job: Job, output: Any) -> None:
        hinting = isinstance(job, Alternatives | Suggest)
        colorizer.network.require(["hints"] if hinting else [], [output])


def _look(photo: KeptPhoto, colorizer: Colorizer, job: Job) -> Seen:
    opened = photo.open(max_pixels=job.options.max_pixels)
    # What the network will see, so that it need not be decoded again; and a damaged file shows here.
    small = opened.shrunk(*network_shape(opened.height, opened.width, colorizer.card.input_size))
    is_grey = opened.bands == 1
    if not is_grey:
        chroma = np.hypot(*rgb_to_lab(small[..., :3]).astype(np.float64)[..., 1:].reshape(-1, 2).T)
        is_grey = bool(np.quantile(chroma, 0.99) < _GREY)
    return Seen(
        opened.width,
        opened.height,
        16 if opened.dtype == np.uint16 else opened.metadata.bits,
        (opened.format or "").removeprefix("."),
        is_grey,
        tuple(map(str, opened.notes)),
    )


def _colorize(photo: KeptPhoto, colorizer: Colorizer, job: Colorize) -> Done:
    suffix = job.suffix or result_suffix(photo.open(max_pixels=job.options.max_pixels).format or "")
    target = _target(job, suffix)
    notes = colorizer.write(photo, target, job.options, overwrite=True)
    return Done(target, notes=tuple(str(note.about(job.name)) for note in notes))


def _original(photo: KeptPhoto, job: Job) -> Done:
    opened = photo.open(long_edge=job.options.long_edge, max_pixels=job.options.max_pixels)
    suffix = ".jpg"
    if opened.has_alpha:  # WebP is smaller, but ends at 16,383 pixels
        suffix = ".webp" if max(opened.height, opened.width) < 16_384 else ".png"
    target = _target(job, suffix)
    image = writer.Image(opened.height, opened.width, opened.bands + opened.has_alpha, opened.dtype)
    writer.write_image(target, image, opened.strips())
    return Done(target)


def _target(job: Job, suffix: str) -> Path:
    assert job.folder is not None
    return job.folder / f"result{suffix}"

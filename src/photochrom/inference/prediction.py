"""Prediction: one opened photo, and all that a network predicts of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError
from photochrom.hints import Hint
from photochrom.inference.alternatives import AlternativeSearch
from photochrom.inference.candidates import Candidates, find_candidates
from photochrom.inference.compose import Protected, compose
from photochrom.inference.exemplar import Exemplar, taken_hints
from photochrom.inference.forward_passes import Passes, check_options
from photochrom.inference.onnx_model import Network
from photochrom.inference.pages import save_pages
from photochrom.inference.preprocess import NetworkInput, PhotoInfo, network_shape
from photochrom.inference.render import (
    check_output,
    decoded_ahead,
    keeps_orientation,
    marked,
    save_colors,
    save_map,
    with_sidecars,
)
from photochrom.inference.suggestions import suggest_hints
from photochrom.io.cached import CachedPhoto
from photochrom.io.picture import Picture, as_picture
from photochrom.io.reader import PhotoFile
from photochrom.io.vips import resize_array
from photochrom.options import MAX_PIXELS, Options
from photochrom.result_notes import Note

if TYPE_CHECKING:
    from photochrom.io.picture import Source

__all__ = ["Prediction"]

Floats = NDArray[np.float32]


class Prediction:
    """A photo, opened once, and what a network predicts of it; made by `photochrom.Colorizer.open`.

    The photo's small copy is decoded once, and the network passes over it once for each set of hints, palette and
    vividness, whatever is then asked. Not for two threads at a time.

    Args:
        source: a path, a file's bytes, a Pillow image, an array as `Picture.from_array` takes, a `Picture`, or a
            `CachedPhoto`.
        network: what predicts.
        size: side in pixels of the square whose area the network works at.
        threads: how many to compute with.
        max_pixels: refuse files with more.

    Raises:
        PhotoError: if the source cannot be read.
    """

    def __init__(
        self, source: Source, network: Network, *, size: int, threads: int, max_pixels: int = MAX_PIXELS
    ) -> None:
        self._network, self._size, self._threads, self._max_pixels = network, size, threads, max_pixels
        if isinstance(source, str | Path | bytes):
            source = CachedPhoto(source, pixels=False)
        self._source: CachedPhoto | Picture = source if isinstance(source, CachedPhoto) else as_picture(source)
        self._inputs: dict[tuple[int, int, int, bool], tuple[NetworkInput, Passes]] = {}
        self._search: tuple[tuple[Options, int], AlternativeSearch] | None = None  # the latest
        self.photo()

    @property
    def nbytes(self) -> int:
        """Bytes that are cached: the network's answers, the latest search, and the pixels of a `CachedPhoto`."""
        held = sum(passes.nbytes for _, passes in self._inputs.values())
        held += self._search[1].nbytes if self._search else 0
        return held + (self._source.nbytes if isinstance(self._source, CachedPhoto) else 0)

    @property
    def info(self) -> PhotoInfo:
        """What the photo is; a damaged file shows when this is asked for.

        Raises:
            PhotoError: if the file turns out to be damaged.
        """
        photo = self.photo()
        given, _ = self._prepared(photo)
        return PhotoInfo(
            photo.width,
            photo.height,
            16 if photo.dtype == np.uint16 else photo.metadata.bits,
            (photo.format or "").removeprefix("."),
            given.is_grey,
            tuple(photo.notes) if isinstance(photo, PhotoFile) else (),
        )

    def photo(
        self, *, upright: bool = True, long_edge: int | None = None, negative: bool = False
    ) -> PhotoFile | Picture:
        """Return the opened photo itself.

        Args:
            upright: turn its pixels as its EXIF orientation says; a `Picture` is upright already.
            long_edge: shrink to at most so many pixels along the longer side, or None.
            negative: take it for a negative, and give its positive.
        """
        if isinstance(self._source, Picture):
            photo = self._source.positive() if negative else self._source
            return photo.fitted(long_edge)
        return self._source.open(
            upright=upright, long_edge=long_edge, max_pixels=self._max_pixels, negative=negative
        )

    def ab(self, options: Options | None = None) -> Floats:
        """Predict a, b of the upright photo: float32 h×w×2, CIELAB units, at network size.

        Args:
            options: of which vividness, hints with their reach, protected regions, palette and saturation are
                heeded.

        Raises:
            NetworkError: if the network fails, or does not take vividness that is given.
            PhotoError: if the file turns out to be damaged.
        """
        options = options or Options()
        _, passes = self._prepared_for(options)
        return self._ab(passes, options)

    def colors(self, options: Options | None = None) -> Picture:
        """Colorize the photo in memory.

        Args:
            options: how; those about files have no effect.

        Returns:
            The upright photo in colour, H×W×3; 16 bits where the source had 16.

        Raises:
            NetworkError: as `ab`.
            PhotoError: as `ab`.
        """
        options = options or Options()
        photo = self.photo(negative=options.negative)
        given, passes = self._prepared(photo, options.negative)
        ab = given.laid(self._ab(passes, options))
        picture = photo if isinstance(photo, Picture) else Picture.decode(photo)
        pixels = np.empty((picture.height, picture.width, 3), picture.dtype)
        top = 0
        protected = self._protected(given, passes, options)
        for _, colours in compose(picture, given.lightness, ab, self._threads, protected=protected):
            pixels[top : top + len(colours)] = colours
            top += len(colours)
        return picture.with_pixels(pixels, marked(picture.metadata, self._network.card, options))

    def save(self, target: str | Path, options: Options | None = None, *, overwrite: bool = False) -> list[Note]:
        """Colorize the photo to a file, strip by strip, so that its size does not matter.

        Args:
            target: file of the result; the suffix says its format.
            options: how.
            overwrite: replace a file that is already there.

        Returns:
            What the user should know, such as pages that were left out.

        Raises:
            NetworkError: as `ab`.
            PhotoError: as `ab`.
            OutputError: if the result cannot be written; nothing half-written stays.
        """
        options, target = options or Options(), Path(target)
        check_output(self._path, target, options, overwrite=overwrite)
        check_options(self._network, options)
        photo = self.photo(
            upright=not keeps_orientation(target, options), long_edge=options.long_edge, negative=options.negative
        )
        if options.pages == "all" and isinstance(photo, PhotoFile) and photo.pages > 1:
            return save_pages(photo.pages, self._save_page, target, options)
        metadata, copies, notes = with_sidecars(photo, target, self._network.card, options, overwrite=overwrite)
        with decoded_ahead(photo, self._threads) as strips:
            given, passes = self._prepared(photo, options.negative)
            ab = given.laid(self._ab(passes, options))
            made = save_colors(
                photo,
                strips,
                given.lightness,
                ab,
                target,
                options,
                protected=self._protected(given, passes, options),
                metadata=metadata,
                copies=copies,
                threads=self._threads,
            )
        if not given.is_grey:
            subject = photo.name if isinstance(photo, PhotoFile) else str(target)
            made.insert(0, Note(subject, "has colours already; they were replaced"))
        return [*made, *notes]

    def confidence(self, options: Options | None = None) -> Floats:
        """Predict how sure the network is of each pixel's colour.

        Args:
            options: of which hints, palette and vividness matter.

        Returns:
            float32 H×W at the upright photo's size, 0..1: the probability that the true colour is near.

        Raises:
            NetworkError: as `ab`, or if the network gives no confidence.
            PhotoError: as `ab`.
        """
        photo, options = self.photo(), options or Options()
        _, passes = self._prepared_for(options)
        rows = resize_array(passes.confidence(options)[..., None], photo.height, photo.width)
        sure: Floats = np.clip(rows(0, photo.height)[..., 0], 0, 1)
        return sure

    def save_confidence(
        self, target: str | Path, options: Options | None = None, *, long_edge: int | None = None
    ) -> None:
        """Write the map of `confidence` as a grey picture of 8 bits, black for 0 and white for 1.

        Args:
            target: file of the map; one that is there is replaced.
            options: as `confidence`.
            long_edge: pixels that the map's longer side may have at most, or None for the photo's size.

        Raises:
            NetworkError: as `confidence`.
            PhotoError: as `ab`.
            OutputError: if the map cannot be written; nothing half-written stays.
        """
        options = options or Options()
        _, passes = self._prepared_for(options)
        self._save_map(passes.confidence(options), target, options, long_edge)

    def hint_effect(self, hint: int, options: Options) -> Floats:
        """Say how far one hint moves the colours of each place, as far as it reaches and beside all other hints.

        Args:
            hint: which of the options' hints, from 0 on.
            options: how the photo is colorized, that hint included.

        Returns:
            float32 h×w at network size: distance in a, b, CIELAB units.

        Raises:
            NetworkError: as `ab`.
            PhotoError: as `ab`.
            ValueError: if there is no such hint.
        """
        if not 0 <= hint < len(options.hints):
            raise ValueError(f"there is no hint {hint} among {len(options.hints)}")
        others = options.model_copy(update={"hints": options.hints[:hint] + options.hints[hint + 1 :]})
        _, passes = self._prepared_for(options)
        moved: Floats = np.hypot(*(self._ab(passes, options) - self._ab(passes, others)).transpose(2, 0, 1))
        return moved

    def save_hint_effect(
        self, hint: int, options: Options, target: str | Path, *, long_edge: int | None = None
    ) -> None:
        """Write the map of `hint_effect` as a grey picture of 8 bits: a level for each CIELAB unit, up to 255.

        Args:
            hint: as `hint_effect`.
            options: as `hint_effect`.
            target: file of the map; one that is there is replaced.
            long_edge: pixels that the map's longer side may have at most, or None for the photo's size.

        Raises:
            NetworkError: as `ab`.
            PhotoError: as `ab`.
            OutputError: if the map cannot be written; nothing half-written stays.
            ValueError: as `hint_effect`.
        """
        self._save_map(self.hint_effect(hint, options) / np.float32(255), target, options, long_edge)

    def candidates(self, x: float, y: float, options: Options | None = None) -> Candidates:
        """Find the colours that one place of the photo may have, for a person who picks one.

        Args:
            x: from the left edge of the upright photo, as a fraction 0..1 of its width.
            y: from its top edge, as a fraction 0..1 of its height.
            options: how the photo is colorized. Hints at this very place count for its current colour alone.

        Raises:
            NetworkError: as `ab`.
            PhotoError: as `ab`.
            ValueError: if the place lies outside the photo.
        """
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError(f"a place at {x}, {y} lies outside the photo; x and y are fractions 0 to 1")
        options = options or Options()
        given, passes = self._prepared_for(options)
        return find_candidates(passes, given.upright_lightness, self._ab(passes, options), x, y, options)

    def suggest(self, n: int, options: Options | None = None) -> list[Hint]:
        """Find the points of the photo where asking the user for the colour would help most.

        Args:
            n: how many points, from 1 on.
            options: what is known already, as hints.

        Returns:
            Hints, the most helpful first, with the network's own guess as their colour; fewer than `n` where the
            photo is too small for so many.

        Raises:
            NetworkError: as `ab`, or if the network takes no hints or gives no distribution.
            PhotoError: as `ab`.
            ValueError: if `n` is less than 1.
        """
        if n < 1:
            raise ValueError(f"{n} hints cannot be asked for; use 1 or more")
        options = options or Options()
        _, passes = self._prepared_for(options)
        return suggest_hints(passes, n, options)

    def alternatives(self, n: int, options: Options | None = None, *, seed: int = 0) -> list[Options]:
        """Find clearly different colours for the photo, each of them plausible.

        Args:
            n: how many, from 1 on. Those of a smaller `n` come first among those of a larger one, and the search
                for these goes on from those.
            options: that all of them heed.
            seed: other seeds give others; the first one is always what the options alone give.

        Returns:
            `n` options, each for `colors` or `save`: those given, with further hints. They are fewer where the
            network finds no other colours plausible (`photochrom.inference.alternatives` says what that means).

        Raises:
            NetworkError: as `ab`, or if the network takes no hints or gives no distribution.
            PhotoError: as `ab`.
            ValueError: if `n` is less than 1.
        """
        if n < 1:
            raise ValueError(f"{n} alternatives cannot be asked for; use 1 or more")
        options = options or Options()
        if self._search is None or self._search[0] != (options, seed):
            _, passes = self._prepared_for(options)
            self._search = (options, seed), AlternativeSearch(passes, options, seed=seed)
        sets = self._search[1].first(n)
        return [options.model_copy(update={"hints": hints}) for hints in sets]

    def exemplar(self, options: Options | None = None, *, own_colors: bool = False) -> Exemplar:
        """Have others take over the photo's colours.

        Args:
            options: how it is colorized.
            own_colors: take the colours that it has already, in place of those that the network predicts.

        Raises:
            NetworkError: as `ab`, or if the network gives no features.
            PhotoError: as `ab`, or if it has no colours to take.
        """
        options = options or Options()
        given, passes = self._prepared_for(options)
        features = passes.features(options)
        if own_colors:
            if given.is_grey:
                raise PhotoError(self.name, "has no colours to take", "give a photo in colour")
            return Exemplar(features, given.own_ab.astype(np.float16), 1.0)
        ab = passes.ab(options)
        sure = 0.0
        if "confidence" in self._network.card.outputs:
            # Of the colours that there are: of grey, a network is always sure.
            chroma = np.hypot(ab[..., 0], ab[..., 1]) + 1e-3
            sure = float(np.average(passes.confidence(options.without_hints), weights=chroma))
        return Exemplar(features, ab.astype(np.float16), sure)

    def alike(
        self,
        exemplars: Sequence[Exemplar],
        options: Options | None = None,
        *,
        averaged: bool = False,
        own: Exemplar | None = None,
    ) -> tuple[Options, list[int]]:
        """Take over colours of other photos, where they surely show the same.

        Args:
            exemplars: those photos; where two show the same place, the earlier one holds.
            options: how the photo is colorized. Its own hints hold over what is taken.
            averaged: average their colours with the photo's own.
            own: what `exemplar` gave for this photo and these options before, which saves a pass.

        Returns:
            The options with what is taken as further hints; and how many places each exemplar gave a colour.

        Raises:
            NetworkError: as `ab`, or if the network gives no features.
            PhotoError: as `ab`.
        """
        options = options or Options()
        _, passes = self._prepared_for(options)
        features = own.features if own else passes.features(options)
        averaged_with = (own or self.exemplar(options)) if averaged else None
        hints, counts = taken_hints(features, exemplars, averaged_with=averaged_with)
        if hints and own and not options.hints and not options.palette:
            passes.remember(own.ab.astype(np.float32), options)
        return options.model_copy(update={"hints": (*hints, *options.hints)}), counts

    @property
    def name(self) -> str:
        """What messages call the photo."""
        photo = self.photo()
        return photo.name if isinstance(photo, PhotoFile) else "the photo"

    def _save_map(self, plane: Floats, target: str | Path, options: Options, long_edge: int | None) -> None:
        """Write a map h×w at network size, 0..1, of the upright photo."""
        check_output(self._path, Path(target), options, overwrite=True)
        photo = self.photo()
        scale = min(1.0, (long_edge or max(photo.height, photo.width)) / max(photo.height, photo.width))
        height, width = (max(1, round(side * scale)) for side in (photo.height, photo.width))
        save_map(plane, height, width, Path(target))

    def _save_page(self, number: int, target: Path, options: Options) -> list[Note]:
        assert isinstance(self._source, CachedPhoto)
        page = Prediction(
            self._source.at_page(number),
            self._network,
            size=self._size,
            threads=self._threads,
            max_pixels=self._max_pixels,
        )
        return page.save(target, options)

    @property
    def _path(self) -> Path | None:
        photo = self.photo()
        return photo.path if isinstance(photo, PhotoFile) else None

    def _prepared_for(self, options: Options) -> tuple[NetworkInput, Passes]:
        return self._prepared(self.photo(negative=options.negative), options.negative)

    def _prepared(self, photo: PhotoFile | Picture, negative: bool = False) -> tuple[NetworkInput, Passes]:
        """Preprocess the photo, once for each way that its pixels lie and each shape that its copy gets."""
        shape = network_shape(photo.height, photo.width, self._size)
        key = photo.orientation, *shape, negative
        if key not in self._inputs:
            given = NetworkInput.of(photo, *shape)
            self._inputs[key] = given, Passes(self._network, given.upright)
        return self._inputs[key]

    def _protected(self, given: NetworkInput, passes: Passes, options: Options) -> Protected | None:
        """Return what keeps, at the photo's own size, the colours that it has without hints."""
        if not (options.hints and options.protected):
            return None
        shapes = [region.shape.turned(given.orientation) for region in options.protected]
        return Protected(given.laid(self._ab(passes, options.without_hints)), shapes)

    def _ab(self, passes: Passes, options: Options) -> Floats:
        return passes.ab(options) * np.float32(options.saturation)

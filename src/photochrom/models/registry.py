"""The ordered list of network architectures that a recipe can name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from photochrom.errors import NetworkError, UnknownNetworkError, reason_of
from photochrom.inference.published.checkpoint import Weight
from photochrom.models.article import ARTICLE_SHAPES, ArticleNetwork
from photochrom.models.base import ColorizationNetwork
from photochrom.models.ddcolor import DDColor
from photochrom.models.deoldify import DeOldify
from photochrom.models.photochrom_1 import HintedNetwork
from photochrom.models.published import PublishedNet
from photochrom.models.zhang import ECCV16, SIGGRAPH17

__all__ = [
    "create_network",
    "describe_architecture",
    "list_architectures",
    "load_published",
    "published_kind",
    "register_architecture",
]

# A weight that each published kind has and none before it in the list.
_PUBLISHED: tuple[tuple[str, type[PublishedNet]], ...] = (
    ("model10.1.weight", SIGGRAPH17),
    ("model8.6.weight", ECCV16),
    ("encoder.arch.downsample_layers.0.0.weight", DDColor),
    ("layers.8.conv.0.weight", DeOldify),
)

_FACTORIES: dict[str, tuple[Callable[[], ColorizationNetwork], str]] = {}


def register_architecture(name: str, factory: Callable[[], ColorizationNetwork], description: str) -> None:
    """Add a network architecture to the registry.

    Args:
        name: what recipes and the command line call it.
        factory: makes it with fresh weights.
        description: one line for listings.

    Raises:
        NetworkError: if the name is taken.
    """
    if name in _FACTORIES:
        raise NetworkError(name, "a network of that name is registered already", "choose another name")
    _FACTORIES[name] = (factory, description)


def list_architectures() -> list[str]:
    """Return the names of all registered architectures, in the order of registration."""
    return list(_FACTORIES)


def describe_architecture(name: str) -> str:
    """Return the one-line description of a registered architecture.

    Raises:
        NetworkError: if there is none of that name.
    """
    return _find(name)[1]


def create_network(name: str) -> ColorizationNetwork:
    """Make a network with fresh weights (PyTorch's defaults, drawn from the global generator).

    Raises:
        NetworkError: if there is none of that name; the message names the nearest.
    """
    return _find(name)[0]()


def published_kind(names: Iterable[str]) -> type[PublishedNet]:
    """Return what kind of network weights of these names belong to.

    Raises:
        NetworkError: if it is none that is known.
    """
    names = set(names)
    kind = next((kind for name, kind in _PUBLISHED if name in names), None)
    if kind is None:
        raise NetworkError(
            None,
            "the weights are of no network that is known",
            "give weights of Zhang et al., DDColor or DeOldify",
        )
    return kind


def load_published(weights: Mapping[str, Weight]) -> PublishedNet:
    """Make the network that weights published by others belong to; its sizes are read from theirs.

    Args:
        weights: folded ones, from `photochrom.inference.published.fold.fold_norms`.

    Raises:
        NetworkError: if they are none of a network that is known, or some are missing or left over.
    """
    kind = published_kind(weights)
    try:
        return kind.load(weights)
    except (KeyError, RuntimeError, ValueError) as error:
        raise NetworkError(
            None, f"the weights are not those of a {kind.__name__} ({reason_of(error)})", "fetch them again"
        ) from error


def _find(name: str) -> tuple[Callable[[], ColorizationNetwork], str]:
    if name in _FACTORIES:
        return _FACTORIES[name]
    near = difflib.get_close_matches(name, _FACTORIES, n=1)
    hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(_FACTORIES)}"
    raise UnknownNetworkError(name, "there is no network of that name", hint)


_DESCRIPTIONS = {
    "article-1": "plain autoencoder, 2 levels; its final ReLU rules out negative a and b",
    "article-2": "plain autoencoder, 3 levels; its final ReLU rules out negative a and b",
    "article-3": "U-Net, 3 levels",
    "article-4": "U-Net, 4 levels",
    "article-5": "U-Net, 4 levels, one dilated convolution",
    "article-6": "U-Net, 4 levels, two dilated convolutions",
}
for _name, _shape in ARTICLE_SHAPES.items():
    register_architecture(_name, partial(ArticleNetwork, _shape), _DESCRIPTIONS[_name])
register_architecture(
    "photochrom-1",
    HintedNetwork,
    "a distribution over colours that hints and vividness lead",
)

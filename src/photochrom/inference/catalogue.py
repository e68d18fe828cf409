"""The catalogue: the file that a network's name or path stands for, be it bundled, pulled, or anyone's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from photochrom.errors import DownloadError, NetworkError, UnknownNetworkError
from photochrom.inference.published.registry import PUBLISHED

__all__ = [
    "DEFAULT_NETWORK",
    "Merge",
    "bundled_networks",
    "local_networks",
    "network_file",
    "not_pulled",
    "read_merge",
]

DEFAULT_NETWORK = "photochrom-1"


@lru_cache(maxsize=1)
def bundled_networks() -> dict[str, Path]:
    """Map the names of the networks that come with photochrom to their files, sorted by name."""
    folder = Path(str(files("photochrom"))) / "weights"
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def local_networks() -> dict[str, Path]:
    """Map the names of the networks on this computer to their files: those bundled, then those pulled."""
    from photochrom.inference.published.store import pulled_networks

    return bundled_networks() | pulled_networks()


def network_file(network: str | Path) -> Path:
    """Return the file of a network's name, or of a path.

    Raises:
        UnknownNetworkError: if there is no such network.
        DownloadError: if it is a published one that was not pulled yet.
        NetworkError: if it is a folder.
    """
    local = local_networks()
    if str(network) in local:
        return local[str(network)]
    path = Path(network)
    if path.is_file():
        return path
    if str(network) in PUBLISHED:
        published = PUBLISHED[str(network)]
        raise DownloadError(
            network,
            "is not on this computer yet",
            f"fetch it with  photochrom networks pull {network}  or, in Python,  photochrom.pull({str(network)!r})"
            f"  ({published.size / 1e6:,.0f} MB, {published.license})",
        )
    if path.is_dir():
        raise NetworkError(path, "is a folder", "give the .onnx file inside it")
    if isinstance(network, Path) or path.suffix == ".onnx" or len(path.parts) > 1:
        raise UnknownNetworkError(path, "there is no such network file", "check the path")
    near = get_close_matches(str(network), [*local, *PUBLISHED], n=1)
    known = f"did you mean {near[0]}? " if near else ""
    bundled = bundled_networks()
    known += f"bundled: {', '.join(bundled)}" if bundled else "no network is bundled"
    raise UnknownNetworkError(
        network,
        "there is no network of that name",
        f"{known}; published: {', '.join(PUBLISHED)}; or give the path of an .onnx file",
    )


@dataclass(frozen=True)
class Merge:
    """Two networks that are used as one; ``str(merge)`` is what to call it.

    Attributes:
        first: name or path of a network.
        second: likewise.
        share: of the second in the colours, 0 to 1; the first has the rest.
    """

    first: str
    second: str
    share: float = 0.5

    def __str__(self) -> str:
        share = "" if self.share == 0.5 else f":{self.share:.12g}"
        return f"{self.first}+{self.second}{share}"


def read_merge(network: str | Path) -> Merge | None:
    """Read ``first+second`` or ``first+second:share``; None for what is one network.

    Raises:
        NetworkError: if it has a plus sign, but is neither a file nor a merge of two.
    """
    text = str(network)
    if "+" not in text or Path(network).is_file():
        return None
    names, colon, last = text.rpartition(":")
    try:
        share = float(last) if colon else 0.5
    except ValueError:  # the colon of a path, as in C:\\networks
        names, share = text, 0.5
    if not colon:
        names = text
    if not 0 <= share <= 1:
        raise NetworkError(text, f"a share of {last} is out of range", "use 0 to 1: the second network's")
    ends = [place for place, letter in enumerate(names) if letter == "+"]
    splits = [(names[:place], names[place + 1 :]) for place in ends]
    # A path may have a plus sign of its own.
    first, second = next((each for each in splits if all(map(_is_there, each))), splits[0])
    if not (first and second) or (len(splits) > 1 and not (_is_there(first) and _is_there(second))):
        raise NetworkError(
            text, "is no merge of two networks", "write it like photochrom-1+ddcolor, or photochrom-1+ddcolor:0.3"
        )
    return Merge(first, second, share)


def not_pulled(networks: Iterable[str]) -> list[str]:
    """Return the published networks, each once, that are named but were not pulled yet."""
    named: list[str] = []
    for network in networks:
        merge = read_merge(network)
        named += [network] if merge is None else [merge.first, merge.second]
    local = local_networks()
    return [
        name
        for name in dict.fromkeys(named)
        if name in PUBLISHED and name not in local and not Path(name).is_file()
    ]


def _is_there(network: str) -> bool:
    return network in local_networks() or network in PUBLISHED or Path(network).is_file()

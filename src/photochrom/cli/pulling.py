"""Pulling of published networks, as commands show it: what comes, from where, to where, under which licence."""

from __future__ import annotations

import sys
from pathlib import Path

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["pull_missing", "pull_network"]


def pull_missing(networks: Iterable[str | None], *, quiet: bool = False) -> None:
    """Pull those published networks that are named and not on this computer yet.

    Args:
        networks: names, paths, and merges of two; None for the default.
        quiet: show nothing of it.

    Raises:
        DownloadError: if one cannot be pulled.
    """
    from photochrom.inference.catalogue import not_pulled

    for name in not_pulled(network for network in networks if network is not None):
        pull_network(name, quiet=quiet)


def pull_network(name: str, *, source: str | None = None, quiet: bool = False) -> Path:
    """Pull a published network, and say on standard error what is done.

    Raises:
        UnknownNetworkError: if no published network has that name.
        DownloadError: if it cannot be pulled.
        NetworkError: if it cannot be converted.
    """
    from photochrom.inference.published import PUBLISHED
    from photochrom.inference.published.store import network_folder, pull, pulled_networks, weights_urls
    from photochrom.io.address import without_secrets

    if name in PUBLISHED and name not in pulled_networks() and not quiet:
        network = PUBLISHED[name]
        _say(f"pulling {name}: {network.description} Licence {network.license}, by {network.repository}")
        address = without_secrets(weights_urls(network)[0])
        _say(f"from {source or f'{address} ({network.size / 1e6:,.0f} MB)'} to {network_folder(name)}")
    if quiet or not sys.stderr.isatty():
        return pull(name, source=source, say=None if quiet else _say)
    return _with_bar(name, source)


def _with_bar(name: str, source: str | None) -> Path:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from photochrom.inference.published.store import pull

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None, visible=False)

        def show(here: int, of: int) -> None:
            bar.update(task, completed=here, total=of, visible=True)

        def say(line: str) -> None:
            bar.update(task, visible=False)
            bar.console.print(f"photochrom: {line}", markup=False, highlight=False, soft_wrap=True)

        return pull(name, source=source, progress=show, say=say)


def _say(line: str) -> None:
    print(f"photochrom: {line}", file=sys.stderr, flush=True)

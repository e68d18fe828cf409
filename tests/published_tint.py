"""A published network that is no larger than a test needs: its weights are the bytes of a network file.

Its conversion stands in for a family's: it reads the weights, and writes the file with a card. `python -m` runs
one pull, for tests of processes that pull at the same time.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from time import sleep

from photochrom.inference.card import Card
from photochrom.inference.published import PUBLISHED, PublishedNetwork
from tiny_network import tint_card, write_network

NAME = "published-tint"


def weights() -> bytes:
    """What its authors published: a bias, and what makes the file some hundred kilobytes long."""
    return b"bias 10 20\n" + bytes(range(256)) * 1000


def entry(url: str, name: str = NAME) -> PublishedNetwork:
    """Its entry in the registry."""
    return PublishedNetwork(
        name=name,
        family="zhang",
        architecture="eccv16",
        description="A warm tint.",
        license="BSD-2-Clause",
        urls=(f"{url}/authors/weights.pth",),
        sha256=hashlib.sha256(weights()).hexdigest(),
        size=len(weights()),
        paper="A paper.",
        repository="https://example.org/tint",
        input_size=32,
        preprocessing="none",
    )


def convert(file: Path, name: str, target: Path) -> Card:
    """Stand in for `photochrom.inference.published.convert.convert`."""
    assert hashlib.sha256(file.read_bytes()).hexdigest() == PUBLISHED[name].sha256  # nothing else is ever opened
    card = Card.model_validate(tint_card(name=name, sha256=PUBLISHED[name].sha256, source=PUBLISHED[name].urls[0]))
    write_network(target, card=card.model_dump(mode="json"))
    return card


if __name__ == "__main__":
    url, log = sys.argv[1:]
    PUBLISHED[NAME] = entry(url)

    from photochrom.inference.published import store

    def slowly(file: Path, name: str, target: Path) -> Card:
        with Path(log).open("a") as lines:
            lines.write("converting\n")
        sleep(0.5)
        return convert(file, name, target)

    store.convert = slowly
    print(store.pull(NAME, say=lambda line: print(line, flush=True)))

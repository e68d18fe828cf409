"""What a C library says on the process's standard error and nowhere else: LibRaw, of data that end too early."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

__all__ = ["heard"]

_ONE = Lock()


@contextmanager
def heard(begin: str) -> Iterator[list[str]]:
    """Catch the lines that begin so; all others are passed on, once the block is through.

    Args:
        begin: of a line.

    Yields:
        A list that the lines are added to at the end, without their beginning.
    """
    lines: list[str] = []
    with _ONE, tempfile.TemporaryFile() as caught:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(caught.fileno(), 2)
        try:
            yield lines
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            caught.seek(0)
            for line in caught.read().splitlines(keepends=True):
                if line.startswith(begin.encode()):
                    lines.append(line.decode(errors="replace").removeprefix(begin).strip())
                else:
                    os.write(2, line)

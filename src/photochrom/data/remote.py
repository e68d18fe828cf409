"""Shards on a server: a URL pattern is expanded, and each shard fetched once into a cache folder.

Training reads photos in random order, epoch after epoch, so a shard is copied whole before it is used. webdataset
expands the pattern and opens the URL where it knows the scheme: http, https, gs, hf, and others. fsspec opens the
rest, such as s3.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlparse

from photochrom.cache_folder import cache_folder
from photochrom.data.shards import index_shard
from photochrom.errors import DataError, OutputError, PhotoError, reason_of, require_extra
from photochrom.io.address import without_secrets
from photochrom.io.atomic import replace_file
from photochrom.io.storage import Storage

__all__ = ["expand_braces", "fetch_shard"]

# webdataset fetches by the program curl, which tells what went wrong by its exit status alone.
_CURL = {
    6: "there is no such server",
    7: "the server does not answer",
    18: "the connection broke",
    22: "the server refused it, as it does when there is no such file",
    28: "the server took too long",
    56: "the connection broke",
    60: "the server's certificate is not trusted",
}


def expand_braces(pattern: str) -> list[str]:
    """Expand a pattern such as ``photos-{00..02}.tar`` into the names it stands for.

    Raises:
        DataError: if its braces do not match.
    """
    with require_extra("train", "A pattern of shards"):
        from webdataset.shardlists import expand_urls
    try:
        return list(map(str, expand_urls(pattern)))
    except (ValueError, AssertionError) as error:  # an unset ${VARIABLE} is an assertion there
        raise DataError(
            pattern, f"is no pattern ({reason_of(error, pattern)})", "write it like photos-{00..02}.tar"
        ) from error


def fetch_shard(url: str, cache: Path | None = None) -> Path:
    """Fetch one shard, unless the cache has it.

    Args:
        url: where the .tar lies.
        cache: folder for fetched shards; `shards` in photochrom's cache folder if None.

    Returns:
        The local copy, under the shard's own name, in a folder of its own for each URL.

    Raises:
        DataError: if it cannot be fetched whole, is no shard, or the cache cannot be written.
    """
    shown = without_secrets(url)
    folder = (cache or cache_folder("shards")) / hashlib.sha256(url.encode()).hexdigest()[:16]
    final = folder / (unquote(urlparse(url).path).rpartition("/")[2] or "shard.tar")
    if final.exists():
        return final
    with require_extra("train", "Fetching shards"):
        from webdataset.gopen import gopen, gopen_schemes
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(folder, f"cannot be written ({error.strerror})", "name another cache folder") from error
    try:
        with replace_file(final) as part:
            if urlparse(url).scheme in gopen_schemes:
                with part.open("wb") as file, gopen(url, "rb") as stream:
                    shutil.copyfileobj(stream, file, 1 << 20)
            else:
                above, _, name = url.rpartition("/")
                Storage(above).fetch(name, part)
            index_shard(part, name=shown)  # a cut or wrong file must not stay in the cache under the shard's name
    except (PhotoError, OutputError) as error:
        raise DataError(error.subject, error.problem, error.remedy) from error
    except (OSError, ValueError, ImportError) as error:
        raise DataError(
            shown,
            f"cannot be fetched ({_reason(error, final, url)})",
            "check the address and the connection, or download it yourself and name the file",
        ) from error
    return final


def _reason(error: Exception, *paths: str | Path) -> str:
    if isinstance(error, FileNotFoundError):
        return f"the program {error.filename} is not installed"
    status = re.search(r"exit (\d+)", str(error))
    if status:
        return _CURL.get(int(status[1]), f"curl's exit status is {status[1]}")
    return without_secrets(reason_of(error, *paths))

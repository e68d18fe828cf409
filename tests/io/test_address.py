"""What of an address may be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.io.address import is_url, split_address, without_secrets

SECRETS = st.text("abcXYZ019%-._~", min_size=4).map(lambda text: f"zz{text}zz")


@given(SECRETS, st.sampled_from(["http", "https", "HTTPS"]))
def test_neither_a_password_nor_a_web_address_s_query_is_shown(secret: str, scheme: str) -> None:
    address = f"{scheme}://ann:{secret}@host:80/a/b.jpg?key=AK/IA&sig={secret}"
    shown = f"{scheme}://ann@host:80/a/b.jpg"
    assert without_secrets(address) == shown
    assert without_secrets(shown) == shown
    said = without_secrets(f"403, message='Forbidden', url='{address}' of {address}")
    assert said == f"403, message='Forbidden', url='{shown}' of {shown}"


@pytest.mark.parametrize(
    "text",
    [
        "s3://bucket/what?.jpg",
        "sftp://ann@host/album",
        "album/what?.jpg",
        "memory://a@b/c:d@e.jpg",
        "https://h/@:a",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_a_file_s_address_is_its_folder_s_and_its_name() -> None:
    assert split_address("https://h/a/b.tar?x=1/2") == ("https://h/a?x=1/2", "b.tar")
    assert split_address("s3://bucket/a/b?.jpg") == ("s3://bucket/a", "b?.jpg")


def test_a_url_has_a_scheme() -> None:
    assert is_url("s3://bucket")
    assert not is_url("C:/photos")
    assert not is_url("album::1920/a.jpg")

"""What is told of an address never has its password."""

import pytest

from components.address import said, shown


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://me:p@ss@host/unroll", "ftp://me:***@host/unroll"),
        ("ftp://me@firm:p:w@host/a@b", "ftp://me@firm:***@host/a@b"),
        ("s3://bucket/a:b@c", "s3://bucket/a:b@c"),
        ("http://me@host:80/a", "http://me@host:80/a"),
        ("ftp://me:one@a ftp://me:two@b", "ftp://me:***@a ftp://me:***@b"),
        ("ftp://me:one/two@host:21/a", "ftp://me:***@host:21/a"),
        ("http://host:80/a@b", "http://host:80/a@b"),
        ("s3:/me:secret@bucket", "s3:/me:***@bucket"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, told: str) -> None:
    assert shown(url) == told


def test_an_error_has_no_password_in_whatever_form() -> None:
    url = "ftp://me:p%40ss@host/unroll"
    text = "cannot log in at\nftp://me:p@ss@host:21 (password p@ss, in the URL p%40ss)"
    assert said(ValueError(text), url) == (
        "cannot log in at ftp://me:***@host:21 (password ***, in the URL ***)"
    )
    assert said(ValueError(), url) == "ValueError"
    assert said(ValueError("p%40ss"), "ftp://me:p@ss@host/unroll") == "***"

"""Addresses of places that machines share: which will do, told without the passwords in them."""

import re
from urllib.parse import quote, unquote

from params.errors import InputError

# A name may have an @, as in a mail address, and a password, too: all up to the last @ is told
# apart from the host, as urllib does it. Of a password with a / nobody can say where it ends: what
# is no port goes up to the last @ there is.
PASSWORD = re.compile(r"(:/+[^/:\s]*):([^/\s]*|(?!\d+/)\S*)@")
MOST_SAID = 300  # characters of an error

# Any of these may be meant for a URL: s3://bucket, s3:/bucket, zip::s3://bucket, "s3://bucket".
LIKE_A_URL = re.compile(r"[a-z][a-z0-9+.-]*(::[a-z0-9+.-]+)*:/|.*://", re.IGNORECASE)
URL = re.compile(r"([a-z][a-z0-9+.-]*)://(?!/*$)\S.*", re.IGNORECASE)
LOCAL = ("file", "local")
WANTED = "a folder, or a URL such as s3://bucket/unroll or file:///srv/unroll"

# What fsspec knows that holds no store: archives and what is only read, by other processes not
# seen, or a way to another filesystem.
KINDS = {
    "an archive": "zip tar libarchive reference",
    "only read": "http https github gist git data dvc",
    "seen by one process alone": "memory pyscript",
    "a way to another place": "blockcache cached dir filecache simplecache generic dask "
    "async_wrapper asyncwrapper asynclocal",
}
NO_STORE = {scheme: kind for kind, schemes in KINDS.items() for scheme in schemes.split()}


def shown(text: str) -> str:
    """An address, or a text with addresses in it, without their passwords."""
    return PASSWORD.sub(r"\1:***@", text)


def said(error: BaseException, url: str) -> str:
    """An error in one line, without the password that is in `url`, however the error has it."""
    text = shown(" ".join(str(error).split())) or type(error).__name__
    if match := PASSWORD.search(url):
        plain = unquote(match[2])
        for password in filter(None, (match[2], plain, quote(plain, safe=""))):
            text = text.replace(password, "***")
    return text[:MOST_SAID]


def is_url(named: str) -> bool:
    """Whether what names a place is, or may be meant for, a URL and no folder."""
    return LIKE_A_URL.match(named) is not None


def is_local(url: str) -> bool:
    """Whether a URL is a folder of this machine, or one that is mounted."""
    return url.partition("://")[0] in LOCAL


def require_place(url: str) -> None:
    """See that machines can share a store at a URL, as far as it tells.

    Raises:
        InputError: If they cannot; nothing is asked over a network.
    """
    match = URL.fullmatch(url)
    scheme = match[1].lower() if match else ""
    if scheme in NO_STORE:  # nothing else of it is shown: a token may stand where a name does
        raise InputError(
            f"UNROLL_HOME must be a place where several processes write, got a {scheme}:// "
            f"address, which is {NO_STORE[scheme]}; set it to {WANTED}"
        )
    if scheme in LOCAL and not url.partition("://")[2].startswith("/"):
        raise InputError(
            f"UNROLL_HOME has no host and no relative path after {scheme}://, got {shown(url)}; "
            f"write {scheme}:///absolute/folder, with three slashes"
        )
    if match is None:
        raise InputError(f"UNROLL_HOME must be {WANTED}, got {shown(url)!r}")
    if "::" in url:
        raise InputError(
            f"UNROLL_HOME has :: in it, between which fsspec looks for several addresses, got "
            f"{shown(url)}; write a name without it, and that of a host for its IPv6 address"
        )
    authority, _, rest = url.partition("://")[2].partition("/")
    if "@" not in authority and "@" in rest and PASSWORD.search(url):
        raise InputError(
            f"UNROLL_HOME has a password with a / in it, got {shown(url)}; write %2F for that"
        )

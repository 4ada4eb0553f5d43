"""Addresses of places that machines share, told without the passwords in them."""

import re
from urllib.parse import unquote

# A name may have an @, as in a mail address, and a password, too: all up to the last @ is told
# apart from the host, as urllib does it.
PASSWORD = re.compile(r"(?<=://)([^/:\s]*):([^/\s]*)@")
MOST_SAID = 300  # characters of an error


def shown(text: str) -> str:
    """An address, or a text with addresses in it, without their passwords."""
    return PASSWORD.sub(r"\1:***@", text)


def said(error: BaseException, url: str) -> str:
    """An error in one line, without the password that is in `url`, however the error has it."""
    text = shown(" ".join(str(error).split())) or type(error).__name__
    if match := PASSWORD.search(url):
        for password in filter(None, (match[2], unquote(match[2]))):
            text = text.replace(password, "***")
    return text[:MOST_SAID]

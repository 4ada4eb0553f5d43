"""What all pages share: templates with escaping on, and a policy that lets nothing else in."""

import base64
import hashlib
import re
from collections.abc import Iterable

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

JOINT = re.compile(r"(?<=[A-Za-z][._])(?=[A-Za-z])")  # never inside of a number


def templates() -> Environment:
    """The templates; whatever is put into them is escaped."""
    return Environment(
        loader=PackageLoader("dashboards"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def breakable(text: str) -> Markup:
    """The text, escaped, where a line may break inside of a name such as `train.learning_rate`."""
    return Markup("<wbr>").join(JOINT.split(text))


def source(environment: Environment, name: str) -> str:
    """A style or a script as it stands in its file."""
    assert environment.loader is not None, "the environment has one"
    return environment.loader.get_source(environment, name)[0]


def policy(*, scripts: Iterable[str] = (), styles: Iterable[str] = ()) -> str:
    """The content-security policy of a page that loads nothing, with its own scripts and styles."""
    allowed = "".join(
        f"{kind}-src {hashes(texts)}; "
        for kind, texts in (("script", list(scripts)), ("style", list(styles)))
        if texts
    )
    return f"default-src 'none'; {allowed}img-src data: blob:; base-uri 'none'; form-action 'none'"


def hashes(texts: Iterable[str]) -> str:
    """What a policy calls these texts by."""
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)

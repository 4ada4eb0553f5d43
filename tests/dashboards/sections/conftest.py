"""A page as a tree of its elements."""

from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from components.records import Comparison
from dashboards.render import render

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Reader(HTMLParser):
    """HTML -> a tree; a tag that is not closed, or not in its turn, is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.builder = ElementTree.TreeBuilder()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


@pytest.fixture
def page_of() -> Callable[[Comparison], ElementTree.Element]:
    """Renders a comparison and gives the page as a tree."""

    def read(comparison: Comparison) -> ElementTree.Element:
        reader = Reader()
        reader.feed(render(comparison).strip())
        assert not reader.open
        return reader.builder.close()

    return read

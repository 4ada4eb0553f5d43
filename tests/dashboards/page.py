"""A page as a tree of its elements."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from components.records import Comparison
from dashboards.render import render

VOID = {"meta", "br", "hr", "img", "input", "link", "base", "source"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    content: "list[Node | str]" = field(default_factory=list)

    def all(self, tag: str = "", css: str = "") -> "list[Node]":
        return [
            node
            for node in self._walk()
            if tag in ("", node.tag) and css in ("", *node.attributes.get("class", "").split())
        ]

    def one(self, tag: str = "", css: str = "") -> "Node":
        (found,) = self.all(tag, css)
        return found

    def text(self) -> str:
        parts = [part if isinstance(part, str) else part.text() for part in self.content]
        return "" if self.tag in ("script", "style") else " ".join(" ".join(parts).split())

    def raw(self) -> str:
        return "".join(part for part in self.content if isinstance(part, str))

    def headline(self) -> str:
        return self.one(css="headline").text()

    def notes(self) -> str:
        return self.one(css="verdict").text()

    def cells(self) -> "dict[str, dict[str, Node]]":
        """Label of the row -> label of the column -> cell, in the two tables of all numbers."""
        found: dict[str, dict[str, Node]] = {}
        for table in self.one("details", css="all").all("table"):
            headings = [str(head.content[0]).strip() for head in table.one("thead").all("th")][1:]
            for row in table.all("tr", css="row"):
                columns = dict(zip(headings, row.all("td"), strict=True))
                found.setdefault(row.one(css="label").text(), {}).update(columns)
        return found

    def ranked(self) -> "Node":
        (table,) = [one for one in self.all("table") if one.attributes.get("id") == "ranked"]
        return table

    def _walk(self) -> "Iterator[Node]":
        yield self
        for part in self.content:
            if isinstance(part, Node):
                yield from part._walk()


class Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("document")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].content.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


def parsed(comparison: Comparison) -> Node:
    tree = Tree()
    tree.feed(render(comparison))
    tree.close()
    assert len(tree.open) == 1, "every element is closed"
    return tree.open[0]

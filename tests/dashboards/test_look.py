"""Colours, symbols and dashes: one look for each row, seen in light and dark."""

import itertools
import re
from pathlib import Path

import pytest

import dashboards
from components.records import Row
from dashboards import look


def row(name: str, architecture: str | None) -> Row:
    kind = "network" if architecture else "baseline"
    return Row(
        kind=kind,
        name=name,
        label=name,
        architecture=architecture,
        num_parameters=None,
        train_seconds=0.0,
        seeds=(),
        metrics={},
    )


def test_rows_of_one_architecture_share_its_colour_and_differ_in_dash_and_symbol():
    rows = [
        row("lstm", "lstm"),
        row("gru", "gru"),
        *(row(f"lstm{n}", "lstm") for n in range(2, 31)),
    ]
    looks = look.styles([*rows, row("majority", None), row("tfidf", None)])
    lstm = [looks[one.name] for one in rows if one.architecture == "lstm"]
    assert {style.colour for style in lstm} == {look.COLOURS["lstm"]}
    assert len({(style.dash, style.symbol) for style in lstm}) == 30
    assert looks["lstm"] == look.Style(look.COLOURS["lstm"], "solid", "circle")
    assert looks["gru"] == look.Style(look.COLOURS["gru"], "solid", "circle")
    assert looks["majority"].colour == looks["tfidf"].colour == look.MUTED
    assert looks["majority"].symbol != looks["tfidf"].symbol


def test_a_figure_is_drawn_in_the_neutrals_of_the_page():
    figure = look.figure(height=300, x_title="Epoch", y_title="Loss")
    assert figure["data"] == []
    layout = figure["layout"]
    assert (layout["height"], layout["dragmode"]) == (300, False)
    assert layout["xaxis"]["title"]["text"] == "Epoch"
    assert layout["yaxis"]["title"]["text"] == "Loss"
    drawn = {layout["font"]["color"], layout["xaxis"]["gridcolor"], layout["modebar"]["color"]}
    assert drawn <= set(look.NEUTRALS)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def themes() -> list[dict[str, str]]:
    style = (Path(dashboards.__file__).parent / "templates" / "page.css").read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    return [dict(re.findall(r"(--[\w-]+): (#\w{6});", block)) for block in blocks]


def test_the_neutrals_are_those_of_the_page():
    light, dark = themes()
    assert {name: light[name] for name in look.NEUTRALS.values()} == {
        name: colour for colour, name in look.NEUTRALS.items()
    }
    assert set(look.NEUTRALS.values()) <= set(dark)


def test_every_colour_stands_out_in_light_and_dark():
    for theme, colour in itertools.product(themes(), look.COLOURS.values()):
        assert contrast(colour, theme["--surface"]) >= 3
    for theme in themes():
        assert contrast(theme["--muted"], theme["--surface"]) >= 4.5
        assert contrast(theme["--muted"], theme["--paper"]) >= 4.5
        assert contrast(theme["--accent"], theme["--surface"]) >= 4.5
        assert contrast(theme["--warn"], theme["--warn-wash"]) >= 4.5
        assert contrast(theme["--ink"], theme["--accent-wash"]) >= 4.5


@pytest.mark.parametrize("name", look.COLOURS)
def test_an_architecture_has_one_colour(name):
    assert look.colour(name) == look.COLOURS[name]
    assert list(look.COLOURS.values()).count(look.COLOURS[name]) == 1

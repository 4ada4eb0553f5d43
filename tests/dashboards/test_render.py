"""The page says what the record says, loads nothing and lets no text become markup."""

import base64
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from plotly.offline import get_plotlyjs

from components.metrics import metrics_of
from components.records import (
    Comparison,
    EncodedText,
    Missing,
    NewText,
    Spread,
    TextNumbers,
)
from dashboards.render import render

VOID = {"meta", "br", "hr", "img", "input", "link", "base", "source"}
HOSTILE = (
    """</script><script>alert(1)</script><img src=x onerror="alert(1)"><a href='http://x'>x</a>"""
)


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

    def text(self) -> str:
        parts = [part if isinstance(part, str) else part.text() for part in self.content]
        return "" if self.tag in ("script", "style") else " ".join(" ".join(parts).split())

    def raw(self) -> str:
        return "".join(part for part in self.content if isinstance(part, str))

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


def one(nodes: list[Node]) -> Node:
    assert len(nodes) == 1
    return nodes[0]


def headline(page: Node) -> str:
    return one(page.all(css="headline")).text()


def notes(page: Node) -> str:
    return one(page.all(css="verdict")).text()


def cells(page: Node) -> dict[str, dict[str, Node]]:
    """Label of the row -> label of the column -> cell."""
    headings = [str(head.content[0]).strip() for head in one(page.all("thead")).all("th")][1:]
    return {
        one(row.all(css="label")).text(): dict(zip(headings, row.all("td"), strict=True))
        for row in page.all("tr", css="row")
    }


def with_metric(comparison: Comparison, place: int, *values: float, mean: float | None = None):
    """The same comparison, but for the ranking metric of one row."""
    row = comparison.rows[place]
    new = Spread(
        mean=sum(values) / len(values) if mean is None else mean,
        low=min(values),
        high=max(values),
        values=values,
    )
    changed = row.model_copy(
        update={
            "metrics": row.metrics | {comparison.metric: new},
            "seeds": tuple(range(len(values))) if row.kind == "network" else (),
        }
    )
    rows = (*comparison.rows[:place], changed, *comparison.rows[place + 1 :])
    return comparison.model_copy(update={"rows": rows})


@pytest.mark.parametrize("name", ["classification", "forecast"])
def test_a_row_of_the_table_for_each_row_of_the_record(name, request):
    comparison = request.getfixturevalue(name)
    bodies = parsed(comparison).all("tbody")
    shown = [
        [one(row.all(css="label")).text() for row in body.all("tr", css="row")] for body in bodies
    ]
    assert shown == [
        [row.label for row in comparison.rows if row.kind == kind]
        for kind in ("network", "baseline")
    ]
    assert [one(body.all(css="group")).text() for body in bodies] == ["Networks", "Baselines"]


@pytest.mark.parametrize("name", ["classification", "forecast"])
def test_the_numbers_of_the_table_are_those_of_the_record(name, request):
    comparison = request.getfixturevalue(name)
    metrics = metrics_of(comparison.task)
    table = cells(parsed(comparison))
    for row in comparison.rows:
        for key in {key for other in comparison.rows for key in other.metrics}:
            metric, cell = metrics[key], table[row.label][metrics[key].label]
            spread = row.metrics.get(key)
            if spread is None:
                assert cell.text() == "–"
                continue
            numbers = [float(word) for word in cell.text().split() if word != "to"]
            expected = [spread.mean]
            expected += [spread.low, spread.high] if len(spread.values) > 1 else []
            assert numbers == pytest.approx(expected, abs=0.51 * 10**-metric.digits)


def test_a_cell_to_the_letter(classification, forecast):
    table = cells(parsed(classification))
    assert table["LSTM"]["Accuracy"].text() == "0.8523 0.8512 to 0.8534"
    assert table["LSTM"]["Seeds"].text() == "2 1, 2"
    assert table["LSTM"]["Parameters"].text() == "184,961"
    assert table["LSTM"]["Training"].text() == "31.4"
    assert table["Vanilla RNN"]["Training"].text() == "1,234"
    assert table["Majority class"]["Accuracy"].text() == "0.5000"
    assert table["Majority class"]["Parameters"].text() == "–"
    assert table["Majority class"]["Training"].text() == "< 0.01"
    assert cells(parsed(forecast))["GRU"]["Regret"].text() == "0.020 0.000 to 0.040"


def test_headings_carry_unit_and_direction(classification, forecast):
    heads = [head.text() for head in one(parsed(classification).all("thead")).all("th")]
    assert heads[2] == "Accuracy ↑ higher is better"
    assert heads[3] == "Log loss (nats) ↓ lower is better"
    assert heads[-1] == "Validation accuracy ↑ higher is better"
    assert "MAE (°C) ↓ lower is better" in one(parsed(forecast).all("thead")).text()


def test_networks_are_ranked_and_the_best_is_marked(classification):
    page = parsed(classification)
    assert [place.text() for place in page.all(css="place")] == ["1", "2", "", ""]
    assert "LSTM best network" in one(page.all("tr", css="best")).text()


def test_a_baseline_that_wins_comes_first(classification):
    assert headline(parsed(classification)) == (
        "A baseline beats every network: TF-IDF + logistic regression ranks first by accuracy, at "
        "0.8716; the best network, LSTM, is at 0.8523 on average (0.8512 to 0.8534 over 2 seeds)."
    )


def test_a_network_that_wins_comes_first(forecast):
    assert headline(parsed(forecast)) == (
        "GRU ranks first by MAE, at 1.560 °C on average (1.550 to 1.570 over 2 seeds), ahead of "
        "every baseline; the best of them, Climatology, is at 1.600 °C."
    )


def test_lower_is_better_for_a_baseline_too(forecast):
    said = headline(parsed(with_metric(forecast, 1, 1.54)))
    assert said.startswith("A baseline beats every network: Climatology ranks first by MAE")


def test_a_difference_below_the_digits_is_called_so(classification):
    close = parsed(with_metric(classification, 2, 0.85231))
    assert headline(close).startswith(
        "A baseline is ahead of every network, by less than the digits shown"
    )
    level = parsed(with_metric(with_metric(classification, 0, 0.85), 2, 0.85))
    assert headline(level).startswith("No network beats the baselines: TF-IDF")
    assert "are level in accuracy, at 0.8500" in headline(level)


def test_overlapping_ranges_are_not_separated(classification):
    assert "The ranges of LSTM and Vanilla RNN do not overlap." in notes(parsed(classification))
    touching = notes(parsed(with_metric(classification, 1, 0.84, 0.8512)))
    assert (
        "The ranges of LSTM and Vanilla RNN overlap: these seeds do not separate them" in touching
    )
    single = notes(parsed(with_metric(classification, 1, 0.81)))
    assert "do not overlap, but Vanilla RNN has one seed only." in single


def test_ranges_are_compared_where_lower_is_better(forecast):
    second = forecast.rows[0].model_copy(update={"name": "lstm", "label": "LSTM", "best": False})
    rows = (forecast.rows[0], second, *forecast.rows[1:])
    two = forecast.model_copy(update={"rows": rows})
    assert "LSTM do not overlap." in notes(parsed(with_metric(two, 1, 1.58, 1.62)))
    assert "LSTM overlap: these seeds" in notes(parsed(with_metric(two, 1, 1.56, 1.62)))


def test_a_baseline_inside_the_range_of_the_best_network_is_not_separated(classification):
    said = notes(parsed(with_metric(classification, 2, 0.8530)))
    assert "TF-IDF + logistic regression lies within the range of LSTM" in said
    assert "lies within" not in notes(parsed(classification))


def test_ranges_are_said_to_be_no_intervals(classification):
    said = notes(parsed(classification))
    assert "from the lowest to the highest seed" in said
    assert "no confidence intervals" in said
    assert "significant" not in parsed(classification).text()


def test_one_seed_has_no_range(classification):
    page = parsed(with_metric(with_metric(classification, 0, 0.85), 1, 0.81))
    table = cells(page)
    assert table["LSTM"]["Accuracy"].text() == "0.8500"
    assert table["LSTM"]["Seeds"].text() == "1 0"
    assert "over" not in headline(page)
    assert "ran with one seed each: another seed may change their order." in notes(page)
    assert "Ranges run" not in notes(page)


def test_a_missing_baseline_is_named_without_a_seed(classification):
    lost = Missing(name="majority", seed=None, status="KILLED", reason="memory ran out")
    page = parsed(classification.model_copy(update={"missing": (lost,)}))
    said = one(page.all(css="missing")).text()
    assert "Majority class" in said
    assert "memory ran out" in said
    assert "seed" not in said


def test_missing_runs_are_named_with_their_reason(classification, forecast):
    box = one(parsed(classification).all(css="missing"))
    assert "1 run is missing" in box.text()
    assert "GRU , seed 2 KILLED signal 9 after 41 s" in box.text()
    assert not parsed(forecast).all(css="missing")


def test_a_comparison_without_rows_still_says_why(classification):
    missing = (*classification.missing, Missing(name="rnn", seed=1, status="FAILED", reason="no"))
    page = parsed(classification.model_copy(update={"rows": (), "curves": (), "missing": missing}))
    assert headline(page) == "No row has a value of accuracy: there is nothing to rank."
    assert "2 runs are missing" in one(page.all(css="missing")).text()
    assert not page.all("table")
    assert not page.all("figure")


def test_one_kind_alone(classification):
    rows = classification.rows
    networks = parsed(classification.model_copy(update={"rows": rows[:2]}))
    assert headline(networks).startswith("LSTM ranks first by accuracy")
    assert headline(networks).endswith("No baseline stands beside it.")
    assert len(networks.all("tbody")) == 1
    baselines = parsed(classification.model_copy(update={"rows": rows[2:], "curves": ()}))
    assert headline(baselines) == (
        "No network has a value of accuracy; the best baseline is TF-IDF + logistic regression, "
        "at 0.8716."
    )


def test_what_is_not_a_number_is_a_dash(classification):
    page = parsed(with_metric(classification, 1, math.nan, math.nan))
    assert cells(page)["Vanilla RNN"]["Accuracy"].text() == "–"
    assert headline(page).startswith("A baseline beats every network")
    assert "nan" not in page.text().lower().split()
    every = parsed(with_metric(with_metric(classification, 0, math.nan), 1, math.nan))
    assert headline(every).startswith("No network has a value of accuracy")


def test_the_floor_and_regret_are_explained(classification, forecast):
    text = one(parsed(forecast).all(css="floor")).text()
    assert "MAE 1.530 °C" in text
    assert "Regret is what a row adds to that floor" in text
    assert not parsed(classification).all(css="floor")


def test_the_page_says_what_was_compared_on_which_data(classification, forecast):
    page = parsed(classification)
    assert one(page.all("h1")).text() == classification.title
    lead = one(page.all(css="lead")).text()
    assert lead.startswith("Vanilla RNN, LSTM and GRU, beside TF-IDF + logistic regression and")
    data = one(page.all(css="data")).text()
    for said in ("embedded", "16,000", "4,000", "5,000", "c3a1f6c0d7be41f2", "96 reviews are"):
        assert said in data
    assert one(page.all(css="caveat")).text() == "Caveat Not the official test split."
    assert not parsed(forecast).all(css="caveat")


def test_a_caution_stands_above_the_table(classification, forecast):
    said = ("The Vanilla RNN reads far.", HOSTILE)
    page = parsed(classification.model_copy(update={"cautions": said}))
    section = one([node for node in page.all("section") if node.all("table")])
    tags = [node.tag for node in section.content if isinstance(node, Node)]
    assert tags == ["h2", "p", "p", "div", "p"]
    shown = [node.text() for node in section.all(css="caveat")]
    assert shown == [f"Caution {caution}" for caution in said]
    assert not section.all("img") + section.all("a")
    assert not parsed(forecast).all(css="caveat")


def test_how_it_was_made(classification):
    made = one(parsed(classification).all(css="made"))
    provenance = classification.provenance
    for said in (
        *(provenance.params_digest, provenance.command, provenance.code_revision),
        *(provenance.machine, "torch 2.13.0", classification.created, classification.id),
    ):
        assert said in made.text()
    assert one(one(made.all("details")).all("pre")).raw() == provenance.params


def test_the_order_of_the_page(classification, forecast):
    titles = [node.text() for node in parsed(classification).all() if node.tag in ("h1", "h2")]
    assert titles == [
        "Which network reads best?",
        "Result",
        "1 run is missing",
        "Every row, best first by accuracy",
        "Accuracy of every row",
        "How they learned",
        "How it was made",
    ]
    titles = [node.text() for node in parsed(forecast).all("h2")]
    assert titles[2:5] == ["How low it can go", "MAE of every row", "Truth and forecasts"]


def test_every_chart_has_words_and_a_figure(forecast):
    page = parsed(forecast)
    charts = page.all(css="chart")
    assert [chart.attributes["id"] for chart in charts] == ["ranking", "forecast", "curve-0"]
    figures = {node.attributes["id"]: node.raw() for node in page.all("script") if node.attributes}
    for chart in charts:
        assert chart.attributes["role"] == "img"
        assert len(chart.attributes["aria-label"]) > 30
        assert json.loads(figures[chart.attributes["id"] + "-figure"])["data"]
    assert "GRU 1.560, Climatology 1.600 and Last value 2.200" in charts[0].attributes["aria-label"]
    assert page.all("noscript")


NUMBERS = TextNumbers(
    vocab_size=1_002,
    num_texts=4,
    top=(("the", 2), ("film", 3)),
    example=EncodedText(
        excerpt="The good film.",
        words=("the", "good", "film"),
        ids=(2, 1, 3),
        row=(2, 1, 3, 0, 0),
        row_words=("the", "good", "film"),
        num_words=3,
        num_tokens=3,
    ),
    max_length=5,
    truncation_side="end",
    padding_idx=0,
    unknown_idx=1,
)


def with_numbers(comparison, *texts, **example):
    """The same comparison with texts as numbers, and with new texts."""
    shown = NUMBERS.example.model_copy(update=example)
    numbers = NUMBERS.model_copy(update={"example": shown})
    return comparison.model_copy(update={"numbers": numbers, "new_texts": texts})


def new_text(text, num_words, num_known, **said):
    spreads = {
        name: Spread(mean=sum(of) / len(of), low=min(of), high=max(of), values=of)
        for name, of in said.items()
    }
    return NewText(text=text, num_words=num_words, num_known=num_known, said=spreads)


def strips(page):
    """The strips of tokens, each place as its words."""
    return [[place.text() for place in strip.all("li")] for strip in page.all("ol", css="strip")]


def test_how_a_text_becomes_numbers_to_the_letter(classification):
    page = one(parsed(with_numbers(classification)).all("section", css="numbers"))
    assert strips(page) == [
        ["the 2", "film 3", "… 1,000 more words"],
        ["the 2", "good 1", "film 3"],
        ["the 2", "good 1", "film 3", "0", "0"],
    ]
    kinds = [place.attributes.get("class") for place in page.all("ol")[2].all("li")]
    assert kinds == [None, "unknown", None, "padding", "padding"]
    assert page.text() == (
        "How a text becomes numbers "
        "1. The vocabulary 1,002 different words of the 4 training texts have an id, the most "
        "frequent first. the 2 film 3 … 1,000 more words "
        "1 any word that has no id of its own 0 padding "
        "2. A training text, word by word The good film. It has 3 words; up to 5 are kept. "
        "the 2 good 1 film 3 "
        "3. Its padded row The last 2 places of 5 hold padding. the 2 good 1 film 3 0 0 "
        "A batch is padded at the end only as far as its longest text, and no state is read after "
        "the padding: padding changes no result."
    )


@pytest.mark.parametrize(("side", "kept"), [("start", "last"), ("end", "first")])
def test_without_excerpts_it_is_said_what_becomes_of_any_text(classification, side, kept):
    hidden = {"example": None, "truncation_side": side, "max_length": 1_000}
    numbers = NUMBERS.model_copy(update=hidden)
    page = parsed(classification.model_copy(update={"numbers": numbers}))
    section = one(page.all("section", css="numbers"))
    assert strips(section) == [["the 2", "film 3", "… 1,000 more words"]]
    assert (
        f"2. A text Of a text the {kept} 1,000 words are kept; a shorter one is padded at its end."
    ) in section.text()


def test_a_long_text_is_shown_by_its_beginning(classification):
    long = with_numbers(classification, num_words=230, num_tokens=100).numbers
    long = long.model_copy(update={"max_length": 100, "truncation_side": "start"})
    page = parsed(classification.model_copy(update={"numbers": long}))
    said = one(page.all("section", css="numbers")).text()
    assert "It has 230 words, of which the last 100 are kept." in said
    assert "It fills all 100 places." in said
    assert strips(page)[1][-1] == "… 227 more words"
    assert strips(page)[2][-1] == "… 95 more places"
    first = long.model_copy(update={"truncation_side": "end"})
    page = parsed(classification.model_copy(update={"numbers": first}))
    assert "of which the first 100 are kept." in page.text()


def test_a_text_of_one_word_or_none(classification):
    single = {"words": ("film",), "ids": (3,), "row": (3, 0, 0, 0, 0), "row_words": ("film",)}
    page = parsed(with_numbers(classification, **single, num_words=1, num_tokens=1))
    assert "It has 1 word; up to 5 are kept. film 3 3. Its padded row The last 4 places" in (
        page.text()
    )
    none = {"words": (), "ids": (), "row": (1, 0, 0, 0, 0), "row_words": ()}
    page = parsed(with_numbers(classification, **none, num_words=0, num_tokens=1))
    assert strips(page)[1:] == [[], ["1", "0", "0", "0", "0"]]


def test_what_networks_say_of_new_texts_to_the_letter(classification):
    page = parsed(
        with_numbers(
            classification,
            new_text("A fine film", 3, 2, lstm=(0.9, 0.7), rnn=(0.4, 0.55)),
            new_text("Zebras gallop", 2, 0, lstm=(0.25, 0.25), rnn=(0.5,)),
            new_text("!?", 0, 0, lstm=(0.1, 0.2)),
        )
    )
    table = one(page.all("section", css="readings"))
    assert [head.text() for head in one(table.all("thead")).all("th")] == [
        "Text",
        "LSTM probability of label 1",
        "Vanilla RNN probability of label 1",
    ]
    assert [
        [cell.text() for cell in row.all("th") + row.all("td")]
        for row in table.all("tr", css="reading")
    ] == [
        [
            "A fine film 2 of 3 words known",
            "positive 0.800 0.700 to 0.900",
            "negative 0.475 0.400 to 0.550, seeds disagree",
        ],
        [
            "Zebras gallop no word of it is known: read as unknown words alone",
            "negative 0.250 0.250 to 0.250",
            "positive 0.500",
        ],
        [
            "!? no word in it: read as one unknown word",
            "negative 0.150 0.100 to 0.200",
            "–",
        ],
    ]
    assert "Whether it is right, nobody has said: these texts are in no score." in table.text()


def test_texts_stand_after_the_charts(classification, forecast):
    text = new_text("A film", 2, 1, lstm=(0.9,), rnn=(0.9,))
    titles = [node.text() for node in parsed(with_numbers(classification, text)).all("h2")]
    assert titles[4:] == [
        "How they learned",
        "How a text becomes numbers",
        "What the networks say of texts that nobody labelled",
        "How it was made",
    ]
    assert not parsed(forecast).all(css="numbers") + parsed(forecast).all(css="readings")


def test_no_example_and_no_new_text_becomes_markup(classification):
    words = {"words": (HOSTILE, "good", "film"), "row_words": (HOSTILE, "good", "film")}

    def page_of(text, changes):
        texts = new_text(text, 1, 1, lstm=(0.9,), rnn=(0.9,))
        changed = with_numbers(classification, texts, **changes)
        top = ((changes.get("excerpt", "the"), 2), ("film", 3))
        numbers = changed.numbers.model_copy(update={"top": top})
        return parsed(changed.model_copy(update={"numbers": numbers}))

    page = page_of(HOSTILE, {"excerpt": HOSTILE, **words})
    assert [node.tag for node in page.all()] == [node.tag for node in page_of("plain", {}).all()]
    assert page.text().count(HOSTILE) == 5


def test_no_text_becomes_markup(classification):
    first, *rest = classification.rows
    hostile = classification.model_copy(
        update={
            **dict.fromkeys(("id", "experiment", "title", "created"), HOSTILE),
            "data": classification.data.model_copy(
                update={
                    **dict.fromkeys(("source", "fingerprint", "caveat"), HOSTILE),
                    "facts": (HOSTILE,),
                }
            ),
            "rows": (first.model_copy(update={"label": HOSTILE}), *rest),
            "missing": (classification.missing[0].model_copy(update={"reason": HOSTILE}),),
            "provenance": classification.provenance.model_copy(
                update={
                    **dict.fromkeys(("params", "params_digest", "command"), HOSTILE),
                    **dict.fromkeys(("code_revision", "machine"), HOSTILE),
                    "versions": {HOSTILE: HOSTILE, "plotly": HOSTILE},
                }
            ),
        }
    )
    page, plain = parsed(hostile), parsed(classification)
    assert [node.tag for node in page.all()] == [node.tag for node in plain.all()]
    assert one(page.all("h1")).text() == HOSTILE
    assert page.text().count("alert(1)") >= 2 * 14
    assert not any(name.startswith("on") for node in page.all() for name in node.attributes)
    data = [node.raw() for node in page.all("script") if node.attributes]
    assert any("alert(1)" in text for text in data)
    assert not any("</" in text or "<!--" in text for text in data)


def test_nothing_is_loaded(forecast):
    page = parsed(forecast)
    assert not page.all("link") + page.all("iframe") + page.all("object") + page.all("base")
    for node in page.all():
        assert not {"src", "srcset", "href", "data", "action", "poster"} & set(node.attributes)
    style = one(page.all("style")).raw()
    assert "url(" not in style
    assert "@import" not in style
    policy = page.all("meta")[1].attributes
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none'; ")
    assert "http" not in policy["content"]


def test_the_policy_allows_exactly_the_scripts_of_the_page(forecast):
    page = parsed(forecast)
    scripts = [node.raw() for node in page.all("script") if not node.attributes]
    assert scripts.count(get_plotlyjs()) == 1
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    ]
    rule = page.all("meta")[1].attributes["content"].split("script-src ")[1].split(";")[0]
    assert rule.split() == hashes


def test_the_same_record_gives_the_same_page(classification):
    assert render(classification) == render(classification)

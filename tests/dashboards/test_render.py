"""What stands on the page, in which order, and where its links lead."""

import json

from components.records import Missing, TextNumbers
from dashboards.render import render

HOSTILE = (
    """</script><script>alert(1)</script><img src=x onerror="alert(1)"><a href='http://x'>x</a>"""
)


def test_a_missing_baseline_is_named_without_a_seed(classification, parsed):
    lost = Missing(name="majority", seed=None, status="KILLED", reason="memory ran out")
    page = parsed(classification.model_copy(update={"missing": (lost,)}))
    said = page.one(css="missing").text()
    assert "Majority class" in said
    assert "memory ran out" in said
    assert "seed" not in said


def test_missing_runs_are_named_with_their_reason(classification, forecast, parsed):
    box = parsed(classification).one(css="missing")
    assert "1 run is missing" in box.text()
    assert "GRU , seed 2 KILLED signal 9 after 41 s" in box.text()
    assert not parsed(forecast).all(css="missing")


def test_a_comparison_without_rows_still_says_why(classification, parsed):
    missing = (*classification.missing, Missing(name="rnn", seed=1, status="FAILED", reason="no"))
    page = parsed(classification.model_copy(update={"rows": (), "curves": (), "missing": missing}))
    assert page.headline() == "No row has a value of accuracy: there is nothing to rank."
    assert "2 runs are missing" in page.one(css="missing").text()
    assert not page.all("table")
    assert not page.all("figure")


def test_the_floor_and_regret_are_explained(classification, forecast, parsed):
    text = parsed(forecast).one("section", css="floor").text()
    assert "MAE 1.530 °C" in text
    assert "Regret is what a row adds to that floor" in text
    assert not parsed(classification).all("section", css="floor")


def test_the_page_says_what_was_compared_on_which_data(classification, forecast, parsed):
    page = parsed(classification)
    assert page.one("h1").text() == classification.title
    assert page.one(css="lead").text() == (
        "2 networks, 4 runs and 2 baselines on embedded: 16,000 to train, 4,000 to validate, 5,000 "
        "to test."
    )
    made = page.one(css="made").text()
    for said in ("embedded", "16,000", "4,000", "5,000", "c3a1f6c0d7be41f2", "96 reviews are"):
        assert said in made
    assert page.one(css="caveat").text() == "Caveat Not the official test split."
    assert not parsed(forecast).all(css="caveat")
    assert "1 network, 2 runs and 2 baselines" in parsed(forecast).one(css="lead").text()


def test_a_caution_stands_above_the_table(classification, forecast, parsed):
    said = ("The Vanilla RNN reads far.", HOSTILE)
    page = parsed(classification.model_copy(update={"cautions": said}))
    section = page.one("section", css="ranking")
    kinds = [node.attributes.get("class") for node in section.content if not isinstance(node, str)]
    assert kinds == ["title", "caveat", "caveat", "defs", "scroll", "unseen", "note", "all"]
    shown = [node.text() for node in section.all(css="caveat")]
    assert shown == [f"Caution {caution}" for caution in said]
    assert not section.all("img") + section.all("a")
    assert not parsed(forecast).all(css="caveat")


def test_how_it_was_made(classification, parsed):
    made = parsed(classification).one(css="made")
    provenance = classification.provenance
    for said in (
        *(provenance.params_digest, provenance.command, provenance.code_revision),
        *(provenance.machine, "torch 2.13.0", classification.created, classification.id),
    ):
        assert said in made.text()
    assert made.one("details").one("pre").raw() == provenance.params
    (command,) = [one for one in made.all("code") if one.attributes.get("id") == "command"]
    assert command.raw() == provenance.command
    assert made.one("button").attributes["data-copy"] == "command"
    assert "hidden" in made.one("button").attributes


def test_the_order_of_the_page(made_up, forecast, parsed):
    full = made_up(4, 2, 3)
    lost = Missing(name="gru", seed=2, status="KILLED", reason="signal 9 after 41 s")
    numbers = TextNumbers(
        vocab_size=3,
        num_texts=4,
        top=(("film", 2),),
        example=None,
        max_length=5,
        truncation_side="end",
        padding_idx=0,
        unknown_idx=1,
    )
    page = parsed(full.model_copy(update={"missing": (lost,), "numbers": numbers}))
    titles = [node.text() for node in page.all() if node.tag in ("h1", "h2")]
    assert titles[0] == full.title
    assert titles[1:3] == ["Result", "1 run is missing"]
    assert titles[3].startswith("Every row by accuracy")
    assert titles[4:] == [
        "Against the last champion",
        "Quality against cost",
        "How they learned",
        "Is the difference real?",
        "Where they go wrong",
        "How a text becomes numbers",
        "How it was made",
    ]
    titles = [node.text() for node in parsed(forecast).all("h2")]
    assert titles[-3:] == ["Truth and forecasts", "How low it can go", "How it was made"]


def test_the_links_of_the_page_lead_somewhere(made_up, forecast, classification, parsed):
    for comparison in (made_up(4, 2, 3), forecast, classification):
        page = parsed(comparison)
        ids = [node.attributes["id"] for node in page.all() if "id" in node.attributes]
        assert len(ids) == len(set(ids))
        links = [link.attributes["href"] for link in page.all("a")]
        assert links[0] == "#table"
        alarm = ["#against"] if comparison.against else []  # below the headline
        assert links[links.index("#made") + 1 :] == alarm
        assert {link.removeprefix("#") for link in links} <= set(ids)
        named = [node.attributes.get("aria-labelledby", "made-title") for node in page.all()]
        assert set(named) <= set(ids)


def test_every_chart_has_words_and_a_figure(made_up, forecast, parsed):
    for page in (parsed(made_up(4, 2, 3)), parsed(forecast)):
        figures = {
            node.attributes["id"]: node.raw() for node in page.all("script") if node.attributes
        }
        assert len(page.all(css="chart")) >= 3
        for chart in page.all(css="chart"):
            assert chart.attributes["role"] == "img"
            assert len(chart.attributes["aria-label"]) > 30
            assert json.loads(figures[chart.attributes["id"] + "-figure"])["data"]
        assert page.all("noscript")


def test_the_same_record_gives_the_same_page(classification):
    assert render(classification) == render(classification)

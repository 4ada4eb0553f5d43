"""The tables as they stand on the page: every row in one order, every number that of the record."""

import pytest

from components.metrics import metrics_of
from components.records import Cost
from dashboards.look import COLOURS
from dashboards.render import render


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        (
            "classification",
            ["TF-IDF + logistic regression", "LSTM", "Vanilla RNN", "Majority class"],
        ),
        ("forecast", ["GRU", "Climatology", "Last value"]),
    ],
)
def test_every_table_ranks_networks_and_baselines_in_one_order(name, labels, request, parsed):
    page = parsed(request.getfixturevalue(name))
    tables = [page.ranked(), *page.one("details", css="all").all("table")]
    for table in tables:
        assert [row.one(css="label").text() for row in table.all("tr", css="row")] == labels


def test_the_first_table_shows_the_ranking_metric_and_hides_the_others(classification, parsed):
    table = parsed(classification).ranked()
    first = table.all("tr", css="row")[0]
    shown = [cell for cell in first.all("td") if "hidden" not in cell.attributes]
    kinds = [cell.attributes.get("class") for cell in shown]
    assert kinds[:3] == ["bars", "value", "gap"]
    assert {cell.attributes["data-metric"] for cell in shown[:3]} == {"test/accuracy"}
    assert [cell.text() for cell in shown[1:]] == ["0.8716", "best", "–", "5,001", "3.22"]
    head = next(cell for cell in table.all("th") if "aria-sort" in cell.attributes)
    assert (head.attributes["aria-sort"], head.attributes["class"]) == ("descending", "value")
    for row in table.all("tr", css="row"):
        assert len(row.content) == len(table.all("thead")[0].all("tr")[0].content)


def test_bars_are_drawn_without_a_script(classification, parsed):
    rows = parsed(classification).ranked().all("tr", css="row")
    lstm = next(bar for bar in rows[1].all("svg", css="bar"))
    assert lstm.all("title")[0].text().startswith("LSTM: mean 0.8523, seed 1 0.8512, seed 2")
    assert len(lstm.all("circle")) == 2
    assert lstm.all("g")[0].attributes["color"] == COLOURS["lstm"]
    places = [float(dot.attributes["cx"].rstrip("%")) for dot in lstm.all("circle")]
    mean = float(lstm.all("line", css="mean")[0].attributes["x1"].rstrip("%"))
    assert places[0] < mean < places[1]
    majority = next(bar for bar in rows[3].all("svg", css="bar"))
    assert majority.one(css="off").text() == "◀"
    assert "color" not in majority.all("g")[0].attributes


def test_the_floor_is_drawn_and_named(forecast, classification, parsed):
    table = parsed(forecast).ranked()
    assert table.one("text", css="floor").text() == "floor 1.530"
    assert not parsed(classification).ranked().all("text", css="floor")


@pytest.mark.parametrize("name", ["classification", "forecast"])
def test_the_numbers_of_the_table_are_those_of_the_record(name, request, parsed):
    comparison = request.getfixturevalue(name)
    metrics = metrics_of(comparison.task)
    table = parsed(comparison).cells()
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


def test_a_cell_to_the_letter(classification, forecast, parsed):
    table = parsed(classification).cells()
    assert table["LSTM"]["Accuracy"].text() == "0.8523 0.8512 to 0.8534"
    assert table["LSTM"]["Seeds"].text() == "2 1, 2"
    assert table["LSTM"]["Parameters"].text() == "184,961"
    assert table["LSTM"]["Training"].text() == "31.4"
    assert table["Vanilla RNN"]["Training"].text() == "1,234"
    assert table["Majority class"]["Accuracy"].text() == "0.5000"
    assert table["Majority class"]["Parameters"].text() == "–"
    assert table["Majority class"]["Training"].text() == "< 0.01"
    assert parsed(forecast).cells()["GRU"]["Regret"].text() == "0.020 0.000 to 0.040"


def test_headings_carry_unit_and_direction(classification, forecast, parsed):
    all_metrics = parsed(classification).one("details", css="all").all("thead")[0]
    heads = [head.text() for head in all_metrics.all("th")]
    assert heads[1] == "Accuracy ↑ higher is better"
    assert heads[2] == "Log loss (nats) ↓ lower is better"
    assert heads[-1] == "Validation accuracy ↑ higher is better"
    assert "MAE (°C) ↓ lower is better" in parsed(forecast).ranked().all("thead")[0].text()


def test_all_rows_have_a_place_and_the_best_network_is_marked(classification, parsed):
    table = parsed(classification).ranked()
    assert [place.text() for place in table.all(css="place")] == ["1", "2", "3", "4"]
    badges = [badge.text() for badge in table.all(css="badge")]
    assert badges == ["baseline", "best network", "baseline"]
    assert "TF-IDF" in table.one("tr", css="best").text()


def test_a_machine_that_was_not_quiet_is_told_below_the_costs(classification):
    assert "Other work kept" not in render(classification)
    cost = Cost(
        seconds_per_epoch=None,
        peak_memory_bytes=1,
        size_bytes=1,
        latency_median_seconds=1,
        latency_p99_seconds=1,
        throughput=1,
        busy_cores=1.5,
    )
    first, *others = classification.rows
    rows = (first.model_copy(update={"cost": cost}), *others)
    noisy = render(classification.model_copy(update={"rows": rows}))
    assert "Other work kept 1.5 cores of the machine busy while latency and throughput" in noisy

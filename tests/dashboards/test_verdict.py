"""The answer in words, claiming no more than the numbers carry."""

import math

from components.records import Chosen, Comparison, Spread


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


def test_a_baseline_that_wins_comes_first(classification, parsed):
    assert parsed(classification).headline() == (
        "A baseline is ahead of every network, on too little data to tell them apart: TF-IDF + "
        "logistic regression ranks first by accuracy, at 0.8716; the best network, LSTM, is at "
        "0.8523 on average (0.8512 to 0.8534 over 2 seeds)."
    )


def test_a_network_that_wins_comes_first(forecast, parsed):
    assert parsed(forecast).headline() == (
        "GRU ranks first by MAE, at 1.560 °C on average (1.550 to 1.570 over 2 seeds), ahead of "
        "every baseline, on too little data to tell them apart; the best of them, Climatology, "
        "is at 1.600 °C."
    )


def test_lower_is_better_for_a_baseline_too(forecast, parsed):
    said = parsed(with_metric(forecast, 1, 1.54)).headline()
    assert said.startswith("A baseline is ahead of every network, on too little data")
    assert "Climatology ranks first by MAE" in said


def test_a_difference_below_the_digits_is_called_so(classification, parsed):
    close = parsed(with_metric(classification, 2, 0.85231))
    assert close.headline().startswith(
        "A baseline is ahead of every network, by less than the digits shown"
    )
    level = parsed(with_metric(with_metric(classification, 0, 0.85), 2, 0.85))
    assert level.headline().startswith("No network beats the baselines: TF-IDF")
    assert "are level in accuracy, at 0.8500" in level.headline()


def test_overlapping_ranges_are_not_separated(classification, parsed):
    assert "The ranges of LSTM and Vanilla RNN do not overlap." in parsed(classification).notes()
    touching = parsed(with_metric(classification, 1, 0.84, 0.8512)).notes()
    assert (
        "The ranges of LSTM and Vanilla RNN overlap: these seeds do not separate them" in touching
    )
    single = parsed(with_metric(classification, 1, 0.81)).notes()
    assert "do not overlap, but Vanilla RNN has one seed only." in single


def test_ranges_are_compared_where_lower_is_better(forecast, parsed):
    second = forecast.rows[0].model_copy(update={"name": "lstm", "label": "LSTM", "best": False})
    rows = (forecast.rows[0], second, *forecast.rows[1:])
    two = forecast.model_copy(update={"rows": rows})
    assert "LSTM do not overlap." in parsed(with_metric(two, 1, 1.58, 1.62)).notes()
    assert "LSTM overlap: these seeds" in parsed(with_metric(two, 1, 1.56, 1.62)).notes()


def test_a_baseline_inside_the_range_of_the_best_network_is_not_separated(classification, parsed):
    said = parsed(with_metric(classification, 2, 0.8530)).notes()
    assert "TF-IDF + logistic regression lies within the range of LSTM" in said
    assert "lies within" not in parsed(classification).notes()


def test_ranges_are_said_to_be_no_intervals(classification, parsed):
    said = parsed(classification).notes()
    assert "from the lowest to the highest seed" in said
    assert "no confidence intervals" in said
    assert "significant" not in parsed(classification).text()


def test_one_seed_has_no_range(classification, parsed):
    page = parsed(with_metric(with_metric(classification, 0, 0.85), 1, 0.81))
    table = page.cells()
    assert table["LSTM"]["Accuracy"].text() == "0.8500"
    assert table["LSTM"]["Seeds"].text() == "1 0"
    assert "over" not in page.headline()
    assert "ran with one seed each: another seed may change their order." in page.notes()
    assert "Ranges run" not in page.notes()


def test_one_kind_alone(classification, parsed):
    rows = classification.rows
    networks = parsed(classification.model_copy(update={"rows": rows[:2]}))
    assert networks.headline().startswith("LSTM ranks first by accuracy")
    assert networks.headline().endswith("No baseline stands beside it.")
    assert len(networks.ranked().all("tr", css="row")) == 2
    baselines = parsed(classification.model_copy(update={"rows": rows[2:], "curves": ()}))
    assert baselines.headline() == (
        "No network has a value of accuracy; the best baseline is TF-IDF + logistic regression, "
        "at 0.8716."
    )


def test_what_is_not_a_number_is_a_dash(classification, parsed):
    page = parsed(with_metric(classification, 1, math.nan, math.nan))
    assert page.cells()["Vanilla RNN"]["Accuracy"].text() == "–"
    assert page.headline().startswith("A baseline is ahead of every network")
    assert "nan" not in page.text().lower().split()
    every = parsed(with_metric(with_metric(classification, 0, math.nan), 1, math.nan))
    assert every.headline().startswith("No network has a value of accuracy")


def test_the_best_by_validation_is_said_where_settings_were_chosen_among(classification, parsed):
    def notes(name: str) -> str:
        chosen = Chosen(name=name, val_loss=0.34567)
        return parsed(classification.model_copy(update={"chosen": chosen})).notes()

    much = "By its test score the best of 2 networks looks better than it is"
    assert (
        f"{much}; by validation, which is how to choose one, LSTM is first too (validation loss "
        "0.3457)."
    ) in notes("lstm")
    assert (
        f"{much}. Choose by validation: Vanilla RNN is first there (validation loss 0.3457), with "
        "a test accuracy of 0.8"
    ) in notes("rnn")
    # Without several settings of one architecture there is nothing to be chosen.
    assert "by validation" not in parsed(classification).notes()
    assert "y validation" not in notes("no such row")

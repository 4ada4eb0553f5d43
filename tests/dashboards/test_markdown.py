"""The comparison as Markdown: the verdict in words, and every row with its numbers."""

from components.records import Comparison, Spread
from dashboards.markdown import summary
from dashboards.verdict import verdict


def test_every_row_stands_in_its_rank(classification: Comparison) -> None:
    lines = summary(classification).splitlines()
    table = lines[lines.index(next(line for line in lines if line.startswith("| Rank"))) :]
    assert table == [
        "| Rank | Row | Accuracy (95 % interval) | Log loss, nats | Seeds | Parameters "
        "| Training, s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        "| 1 | *TF-IDF + logistic regression* | 0.8716 | 0.3104 | – | 5,001 | 3.22 |",
        "| 2 | **LSTM** | 0.8523 | 0.3478 | 2 | 184,961 | 31.4 |",
        "| 3 | Vanilla RNN | 0.8102 | 0.4300 | 2 | 166,337 | 1,234 |",
        "| 4 | *Majority class* | 0.5000 | 0.6931 | – | – | < 0.01 |",
    ]


def test_the_answer_comes_before_the_table(classification: Comparison) -> None:
    said = verdict(classification)
    text = summary(classification)
    assert text.startswith(f"**Which network reads best?**\n\n{said.headline}\n\n")
    assert all(f"- {note}\n" in text for note in said.notes)
    assert "- Without a result: gru seed 2 (KILLED: signal 9 after 41 s)\n" in text


def test_less_is_better_for_an_error_and_intervals_are_shown(forecast: Comparison) -> None:
    first, *others = forecast.rows
    mae = first.metrics["test/mae"].model_copy(update={"interval": (1.4, 1.75)})
    sure = first.model_copy(update={"metrics": {**first.metrics, "test/mae": mae}, "best": True})
    text = summary(forecast.model_copy(update={"rows": (*reversed(others), sure)}))
    rows = [line.split(" | ")[:3] for line in text.splitlines() if line.startswith("| ")][2:]
    assert rows == [
        ["| 1", "**GRU**", "1.560 (1.400 to 1.750)"],
        ["| 2", "*Climatology*", "1.600"],
        ["| 3", "*Last value*", "2.200"],
    ]
    assert "| MAE, °C (95 % interval) | Regret, °C |" in text.replace("Row | ", "| ", 1)


def test_a_row_without_a_value_comes_last(forecast: Comparison) -> None:
    first, *others = forecast.rows
    nan = Spread(mean=float("nan"), low=0.0, high=0.0, values=(float("nan"),))
    broken = first.model_copy(update={"metrics": {"test/mae": nan}})
    absent = others[0].model_copy(update={"metrics": {}})
    text = summary(forecast.model_copy(update={"rows": (broken, absent, others[1])}))
    assert "| 1 | *Last value* | 2.200 |" in text
    assert "| 2 | **GRU** | – | – |" in text
    assert "| 3 | *Climatology* | – | – |" in text


def test_titles_are_text(classification: Comparison) -> None:
    text = summary(classification.model_copy(update={"title": "<img src=x> *a* | b"}))
    assert text.startswith("**&lt;img src=x&gt; \\*a\\* \\| b**")

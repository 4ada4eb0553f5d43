"""What things are called, in params files and to people."""

from typing import Literal

COMPARED = "compare"  # what ids of reports across comparisons begin with

Task = Literal["classification", "forecast"]
Architecture = Literal["rnn", "lstm", "gru", "bilstm"]
TextBaseline = Literal["majority", "tfidf_logistic"]
SeriesBaseline = Literal["last_value", "seasonal_last_value", "climatology", "harmonic_regression"]

ARCHITECTURE_LABELS: dict[Architecture, str] = {
    "rnn": "Vanilla RNN",
    "lstm": "LSTM",
    "gru": "GRU",
    "bilstm": "BiLSTM",
}
BASELINE_LABELS: dict[TextBaseline | SeriesBaseline, str] = {
    "majority": "Majority class",
    "tfidf_logistic": "TF-IDF + logistic regression",
    "last_value": "Last value",
    "seasonal_last_value": "Value one season ago",
    "climatology": "Day-of-year climatology",
    "harmonic_regression": "Harmonic regression",
}

"""The well-known Keras tutorial's networks on IMDB, standing alone.

    python keras_tutorial.py FOLDER --output keras.json
    python keras_tutorial.py FOLDER --page stacked
    python keras_tutorial.py FOLDER --limit 2000 --epochs 1      # a smoke of some 12 seconds

As the tutorials do it: the last tokens of a review (padded and cut at its start), Adam at 1e-3, the
last fifth of the training reviews for validation, early stopping where the page has it. It runs in
an environment with the packages of `requirements-keras.txt` and imports nothing of this project,
which is what it is measured against.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import numpy as np
    import pandas as pd

VALIDATION_SPLIT = 0.2


@dataclass(frozen=True)
class Page:
    """One page of the tutorial: how it reads the reviews, and its networks by name."""

    vocab_size: int
    max_length: int
    embedding_size: int
    batch_size: int
    epochs: int
    patience: int | None
    networks: tuple[str, ...]


PAGES = {
    "comparison": Page(5_000, 100, 32, 128, 3, None, ("rnn", "lstm", "gru")),
    "stacked": Page(10_000, 200, 64, 64, 10, 2, ("stacked",)),
    "bidirectional": Page(10_000, 150, 64, 128, 5, 2, ("dropped_lstm", "dropped_bilstm")),
}


def layers_of(network: str) -> "list[keras.Layer]":
    """The layers between the embedding and the output."""
    from keras import layers

    match network:
        case "rnn":
            return [layers.SimpleRNN(64)]
        case "lstm":
            return [layers.LSTM(64)]
        case "gru":
            return [layers.GRU(64)]
        case "dropped_lstm":
            return [layers.LSTM(64), layers.Dropout(0.3)]
        case "dropped_bilstm":
            return [layers.Bidirectional(layers.LSTM(64)), layers.Dropout(0.3)]
        case "stacked":
            return [
                layers.Bidirectional(layers.LSTM(64, return_sequences=True)),
                layers.Dropout(0.3),
                layers.LSTM(32),
                layers.Dropout(0.3),
                layers.Dense(32, activation="relu"),
            ]
        case _:
            raise ValueError(f"no such network: {network}")


def import_libraries() -> float:
    """Seconds that importing Keras with TensorFlow and pandas with pyarrow takes."""
    started = time.perf_counter()
    import keras  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import tensorflow  # noqa: F401

    return time.perf_counter() - started


def read_reviews(folder: Path, split: str, seed: int, limit: int | None) -> "pd.DataFrame":
    """The reviews of one split in random order, columns `text` and `label`.

    The files are sorted by label, and `validation_split` takes the end as it stands, so the order
    is drawn anew first, as `keras.datasets.imdb` does.

    Raises:
        FileNotFoundError: The folder holds no parquet file of that split.
    """
    import pandas as pd

    files = sorted((folder / "plain_text").glob(f"{split}-*.parquet"))
    if not files:
        raise FileNotFoundError(f"expected plain_text/{split}-*.parquet in {folder}, found none")
    reviews = pd.concat([pd.read_parquet(file, columns=["text", "label"]) for file in files])
    return reviews.sample(frac=1, random_state=seed)[:limit]


def tokenize(
    train: "pd.DataFrame", test: "pd.DataFrame", page: Page
) -> tuple["np.ndarray", "np.ndarray"]:
    """Word indices `(N, max_length)` of both splits, most frequent word first, 0 for padding.

    `TextVectorization` lower-cases, drops punctuation and learns the training reviews' words.
    """
    import keras

    vectorize = keras.layers.TextVectorization(max_tokens=page.vocab_size, ragged=True)
    vectorize.adapt(train["text"].to_numpy(dtype=object), batch_size=1024)

    def encode(reviews: "pd.DataFrame") -> "np.ndarray":
        indices = vectorize(reviews["text"].to_numpy(dtype=object))
        last = indices[:, -page.max_length :].to_list()
        return keras.utils.pad_sequences(last, maxlen=page.max_length)

    return encode(train), encode(test)


def build(network: str, page: Page) -> "keras.Model":
    """The compiled classifier."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((page.max_length,)),
            keras.layers.Embedding(page.vocab_size, page.embedding_size),
            *layers_of(network),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def train_and_test(
    network: str,
    page: Page,
    train: tuple["np.ndarray", "np.ndarray"],
    test: tuple["np.ndarray", "np.ndarray"],
    epochs: int,
) -> dict[str, float]:
    """Seconds of training and testing, number of epochs, test accuracy, number of parameters."""
    import keras

    model = build(network, page)
    callbacks = []
    if page.patience is not None:
        callbacks = [
            keras.callbacks.EarlyStopping(patience=page.patience, restore_best_weights=True)
        ]
    started = time.perf_counter()
    history = model.fit(
        *train,
        batch_size=page.batch_size,
        epochs=epochs,
        validation_split=VALIDATION_SPLIT,
        callbacks=callbacks,
        verbose=2,
    )
    trained = time.perf_counter()
    _, accuracy = model.evaluate(*test, batch_size=page.batch_size, verbose=0)
    return {
        "train_seconds": trained - started,
        "epochs": len(history.epoch),
        "test_seconds": time.perf_counter() - trained,
        "test_accuracy": float(accuracy),
        "params": model.count_params(),
    }


def run(options: argparse.Namespace) -> dict[str, object]:
    """The whole tutorial; what it measured, seconds as wall-clock time."""
    started = time.perf_counter()
    import_seconds = import_libraries()
    import keras

    keras.utils.set_random_seed(options.seed)
    reading = time.perf_counter()
    train = read_reviews(options.folder, "train", options.seed, options.limit)
    test = read_reviews(options.folder, "test", options.seed, options.limit)
    tokenizing = time.perf_counter()
    page = PAGES[options.page]
    train_words, test_words = tokenize(train, test, page)
    tokenized = time.perf_counter()
    train_labels, test_labels = train["label"].to_numpy(), test["label"].to_numpy()
    architectures = {
        name: train_and_test(
            name,
            page,
            (train_words, train_labels),
            (test_words, test_labels),
            options.epochs or page.epochs,
        )
        for name in page.networks
    }
    return {
        "seed": options.seed,
        "page": options.page,
        "reviews": {"train": len(train), "test": len(test)},
        "import_seconds": import_seconds,
        "read_seconds": tokenizing - reading,
        "tokenize_seconds": tokenized - tokenizing,
        "architectures": architectures,
        "process_seconds": time.perf_counter() - started,
    }


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="holds plain_text/{train,test}-*.parquet")
    parser.add_argument("--page", choices=PAGES, default="comparison")
    parser.add_argument("--seed", type=int, default=113, help="as keras.datasets.imdb: 113")
    parser.add_argument("--epochs", type=int, help="at most (default: those of the page)")
    parser.add_argument("--limit", type=int, help="reviews per split, for a smoke (default: all)")
    parser.add_argument("--output", type=Path, help="JSON file to write (default: stdout)")
    return parser.parse_args(arguments)


def main() -> None:
    """Runs the tutorial and writes what it measured."""
    options = parse()
    text = json.dumps(run(options), indent=2) + "\n"
    if options.output is None:
        print(text, end="")
    else:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

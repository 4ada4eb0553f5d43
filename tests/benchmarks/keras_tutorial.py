"""The well-known Keras comparison of SimpleRNN, LSTM and GRU on IMDB, standing alone.

    python keras_tutorial.py FOLDER --output keras.json
    python keras_tutorial.py FOLDER --limit 2000 --epochs 1      # a smoke of some 12 seconds

As the tutorials do it: 5,000 words, the last 100 tokens of a review (padded and cut at its start),
Embedding(32) -> cell(64) -> Dense(1, sigmoid), Adam at 1e-3, batches of 128, 3 epochs, the last
fifth of the training reviews for validation. It runs in an environment with the packages of
`requirements-keras.txt` and imports nothing of this project, which is what it is measured against.
"""

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import numpy as np
    import pandas as pd

VOCAB_SIZE = 5000
MAX_LENGTH = 100
EMBEDDING_SIZE = 32
HIDDEN_SIZE = 64
BATCH_SIZE = 128
VALIDATION_SPLIT = 0.2
CELLS = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}


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


def tokenize(train: "pd.DataFrame", test: "pd.DataFrame") -> tuple["np.ndarray", "np.ndarray"]:
    """Word indices `(N, MAX_LENGTH)` of both splits, most frequent word first, 0 for padding.

    `TextVectorization` lower-cases, drops punctuation and learns the training reviews' words.
    """
    import keras

    vectorize = keras.layers.TextVectorization(max_tokens=VOCAB_SIZE, ragged=True)
    vectorize.adapt(train["text"].to_numpy(dtype=object), batch_size=1024)

    def encode(reviews: "pd.DataFrame") -> "np.ndarray":
        indices = vectorize(reviews["text"].to_numpy(dtype=object))
        return keras.utils.pad_sequences(indices[:, -MAX_LENGTH:].to_list(), maxlen=MAX_LENGTH)

    return encode(train), encode(test)


def build(architecture: str) -> "keras.Model":
    """The compiled classifier of one architecture."""
    import keras

    cell = getattr(keras.layers, CELLS[architecture])
    model = keras.Sequential(
        [
            keras.Input((MAX_LENGTH,)),
            keras.layers.Embedding(VOCAB_SIZE, EMBEDDING_SIZE),
            cell(HIDDEN_SIZE),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def train_and_test(
    architecture: str,
    train: tuple["np.ndarray", "np.ndarray"],
    test: tuple["np.ndarray", "np.ndarray"],
    epochs: int,
) -> dict[str, float]:
    """Seconds of training and testing, test accuracy, and number of parameters."""
    model = build(architecture)
    started = time.perf_counter()
    model.fit(
        *train,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_split=VALIDATION_SPLIT,
        verbose=2,
    )
    trained = time.perf_counter()
    _, accuracy = model.evaluate(*test, batch_size=BATCH_SIZE, verbose=0)
    return {
        "train_seconds": trained - started,
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
    train_words, test_words = tokenize(train, test)
    tokenized = time.perf_counter()
    train_labels, test_labels = train["label"].to_numpy(), test["label"].to_numpy()
    architectures = {
        name: train_and_test(
            name, (train_words, train_labels), (test_words, test_labels), options.epochs
        )
        for name in options.architectures
    }
    return {
        "seed": options.seed,
        "epochs": options.epochs,
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
    parser.add_argument("--architectures", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--seed", type=int, default=113, help="as keras.datasets.imdb: 113")
    parser.add_argument("--epochs", type=int, default=3)
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

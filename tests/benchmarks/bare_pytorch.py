"""The comparison of RNN, LSTM and GRU on IMDB as a plain PyTorch loop, standing alone.

    python bare_pytorch.py FOLDER --output bare.json
    python bare_pytorch.py FOLDER --limit 2000 --epochs 1      # a smoke of some seconds

One page of code, as one writes it without a framework: read, split into words, encode the last 100
of the 5,000 most frequent, train three epochs of batches of 128 with AdamW at 1e-3, look at the
validation reviews after each, and answer the test reviews at the end. As `unroll run` does, it has
a process for each core, with one thread each, and the longest training begins first. No seeds are
repeated, nothing is kept, logged, compared or drawn.
"""

import argparse
import json
import multiprocessing
import os
import re
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

VOCAB_SIZE, MAX_LENGTH, EMBEDDING_SIZE, HIDDEN_SIZE, BATCH_SIZE = 5_000, 100, 32, 64, 128
LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}  # the longest training first
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

Split = tuple[torch.Tensor, torch.Tensor]


class Network(nn.Module):
    """Token ids `(B, T)` -> logits `(B,)`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCAB_SIZE + 2, EMBEDDING_SIZE, padding_idx=0)
        self.recurrent = LAYERS[name](EMBEDDING_SIZE, HIDDEN_SIZE, batch_first=True)
        self.head = nn.Linear(HIDDEN_SIZE, 1)

    def forward(self, token_ids: torch.Tensor) -> torch.Tensor:
        states, _ = self.recurrent(self.embedding(token_ids))
        return self.head(states[:, -1]).squeeze(1)


def words_of(folder: Path, split: str, limit: int | None) -> tuple[list[list[str]], torch.Tensor]:
    """The words of each review of a split in random order, and the labels."""
    files = sorted((folder / "plain_text").glob(f"{split}-*.parquet"))
    reviews = pd.concat(map(pd.read_parquet, files)).sample(frac=1, random_state=0)[:limit]
    words = [WORD.findall(text.lower().replace("<br />", " ")) for text in reviews["text"]]
    return words, torch.tensor(reviews["label"].to_numpy(), dtype=torch.float32)


def encode(reviews: list[list[str]], ids: dict[str, int]) -> torch.Tensor:
    """The last ids of each review, padded at the start, so that the last state has read it all."""
    rows = np.zeros((len(reviews), MAX_LENGTH), np.int64)
    for row, words in zip(rows, reviews, strict=True):
        last = [ids.get(word, 1) for word in words[-MAX_LENGTH:]]
        row[MAX_LENGTH - len(last) :] = last
    return torch.from_numpy(rows)


def accuracy(network: Network, split: Split) -> float:
    """The share of right answers, 0 to 1."""
    network.eval()
    with torch.no_grad():
        logits = torch.cat([network(part) for part in split[0].split(256)])
    return float(((logits > 0) == (split[1] > 0.5)).float().mean())


def train(name: str, splits: dict[str, Split], epochs: int) -> dict[str, float]:
    """Seconds of training and testing, and the test accuracy, of one architecture."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    started = time.perf_counter()
    network = Network(name)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.0)
    loss = nn.BCEWithLogitsLoss()
    token_ids, labels = splits["train"]
    for _ in range(epochs):
        network.train()
        for rows in torch.randperm(len(labels)).split(BATCH_SIZE):
            optimizer.zero_grad()
            loss(network(token_ids[rows]), labels[rows]).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
        accuracy(network, splits["val"])
    trained = time.perf_counter()
    test_accuracy = accuracy(network, splits["test"])
    return {
        "train_seconds": trained - started,
        "test_seconds": time.perf_counter() - trained,
        "test_accuracy": test_accuracy,
    }


def run(folder: Path, epochs: int, limit: int | None) -> dict[str, object]:
    """The whole comparison; what it measured, seconds as wall-clock time."""
    started = time.perf_counter()
    words, labels = words_of(folder, "train", limit)
    test_words, test_labels = words_of(folder, "test", limit)
    num_train = round(len(words) * 0.8)
    counts = Counter(word for review in words[:num_train] for word in review)
    ids = {word: place + 2 for place, (word, _) in enumerate(counts.most_common(VOCAB_SIZE))}
    token_ids = encode(words, ids)
    splits = {
        "train": (token_ids[:num_train], labels[:num_train]),
        "val": (token_ids[num_train:], labels[num_train:]),
        "test": (encode(test_words, ids), test_labels),
    }
    encoded = time.perf_counter()
    processes = min(len(LAYERS), len(os.sched_getaffinity(0)))
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        asked = [(name, splits, epochs) for name in LAYERS]
        found = pool.starmap(train, asked, chunksize=1)
    return {
        "encode_seconds": encoded - started,
        "architectures": dict(zip(LAYERS, found, strict=True)),
    }


def main() -> None:
    """Runs the comparison and writes what it measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="holds plain_text/{train,test}-*.parquet")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--limit", type=int, help="reviews per split, for a smoke (default: all)")
    parser.add_argument("--output", type=Path, help="JSON file to write (default: print it)")
    options = parser.parse_args()
    text = json.dumps(run(options.folder, options.epochs, options.limit), indent=2) + "\n"
    if options.output is None:
        sys.stdout.write(text)
    else:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

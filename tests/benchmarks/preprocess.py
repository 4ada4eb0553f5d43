"""Seconds to tokenise, count and encode reviews: ours against a plain Python loop, side by side.

    python tests/benchmarks/preprocess.py FOLDER --repeats 3

FOLDER is laid out like the Hub data set of the IMDB reviews; its splits train and test are read.
The two sides run in turn, A B A B, on the same texts in memory, and must give the same token ids.
A Markdown table is printed; a ratio is that of the medians.
"""

import argparse
import os
import platform
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.ingest.sources import from_folder
from components.preprocess import tokens

VOCAB_SIZE = 5_000
WORD = re.compile(r"[^\W_]+(?:'+[^\W_]+)*")

Encoded = tuple[list[str], np.ndarray, np.ndarray]


def ours(texts: pa.Array) -> Encoded:
    """The vocabulary, every token id and the offset of every text."""
    slices = list(tokens.tokenise_slices(texts))
    words = tokens.vocabulary(tokens.count(slices), VOCAB_SIZE)
    ids = {word: place + tokens.NUM_SPECIAL for place, word in enumerate(words)}
    encoded = [tokens.encode(part, ids) for part in slices]
    lengths = np.concatenate([np.diff(part.offsets) for part in slices])
    return words, np.concatenate(encoded), lengths


def plain_loop(texts: pa.Array) -> Encoded:
    """The same, one text at a time, with a regular expression and a Counter."""
    split = [
        WORD.findall(text.lower().replace("<br />", " ").replace("’", "'"))
        for text in texts.to_pylist()
    ]
    counts: Counter[str] = Counter()
    for text in split:
        counts.update(text)
    words = sorted(counts, key=lambda word: (-counts[word], word))[:VOCAB_SIZE]
    ids = {word: place + tokens.NUM_SPECIAL for place, word in enumerate(words)}
    encoded = [[ids.get(word, tokens.UNKNOWN_IDX) for word in text] for text in split]
    lengths = np.array([len(text) for text in encoded])
    return words, np.fromiter((token for text in encoded for token in text), np.int32), lengths


def timed(work: Callable[[pa.Array], Encoded], texts: pa.Array) -> tuple[float, Encoded]:
    """Seconds of wall time, and what came of it."""
    start = time.perf_counter()
    result = work(texts)
    return time.perf_counter() - start, result


def main() -> None:
    """Measure both sides on the reviews of the folder and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="reviews laid out like the Hub data set")
    parser.add_argument("--repeats", type=int, default=3, help="turns of each side")
    args = parser.parse_args()
    tables = from_folder(args.folder, ("text", "label"))
    columns = [tables[name]["text"].cast(pa.large_string()) for name in ("train", "test")]
    texts = pa.chunked_array([chunk for column in columns for chunk in column.chunks])
    texts = pc.fill_null(texts, "").combine_chunks()
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    for _ in range(args.repeats):
        for name, work in (("ours", ours), ("plain", plain_loop)):
            taken, result = timed(work, texts)
            seconds[name].append(taken)
            if name == "ours":
                expected = result
        same = all(np.array_equal(one, two) for one, two in zip(expected, result, strict=True))
        assert same, "both sides give the same vocabulary, token ids and lengths"
    middle = {name: median(values) for name, values in seconds.items()}
    print(f"{len(texts):,} reviews, {int(result[2].sum()):,} words; {args.repeats} turns each;")
    print(f"Python {platform.python_version()}, {len(os.sched_getaffinity(0))} cores\n")
    print("| tokenise, count, encode | median s | all turns, s |")
    print("|---|---:|---|")
    for name, label in (("ours", "Unroll"), ("plain", "plain Python loop")):
        turns = ", ".join(f"{value:.2f}" for value in seconds[name])
        print(f"| {label} | {middle[name]:.2f} | {turns} |")
    print(f"| ratio | {middle['ours'] / middle['plain']:.2f} | |")


if __name__ == "__main__":
    main()

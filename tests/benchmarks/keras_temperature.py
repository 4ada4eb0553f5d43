"""The Keras tutorial's forecast of a generated temperature, standing alone.

    python keras_temperature.py --output keras.json

As the tutorial does it: 1,095 days, the whole series scaled by its own mean and deviation (the test
days' included, which `unroll run temperature` does not do), windows of 30 days, the last fifth of
them to test, LSTM 64 -> dropout 0.2 -> LSTM 32 -> dropout 0.2 -> Dense 16 ReLU -> Dense 1, Adam on
squared error, batches of 32, at most 50 epochs, the last 15 % of the training windows to validate,
patience 5 with the best weights restored. It runs in the environment of `requirements-keras.txt`.
"""

import argparse
import json
import time
from pathlib import Path

NUM_DAYS, CONTEXT_LENGTH = 1_095, 30


def run(seed: int) -> dict[str, float]:
    """Test MAE in degrees C, seconds of training, and number of epochs."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(seed)
    day = np.arange(NUM_DAYS)
    noise = np.random.RandomState(42).randn(NUM_DAYS) * 2
    series = 25 + 10 * np.sin(2 * np.pi * day / 365) + noise
    mean, scale = series.mean(), series.std()
    scaled = (series - mean) / scale
    starts = range(NUM_DAYS - CONTEXT_LENGTH)
    context = np.stack([scaled[start : start + CONTEXT_LENGTH] for start in starts])[:, :, None]
    target = scaled[CONTEXT_LENGTH:]
    cut = int(len(target) * 0.8)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((CONTEXT_LENGTH, 1)),
            layers.LSTM(64, return_sequences=True),
            layers.Dropout(0.2),
            layers.LSTM(32),
            layers.Dropout(0.2),
            layers.Dense(16, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    stopping = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    started = time.perf_counter()
    history = model.fit(
        context[:cut],
        target[:cut],
        batch_size=32,
        epochs=50,
        validation_split=0.15,
        callbacks=[stopping],
        verbose=2,
    )
    seconds = time.perf_counter() - started
    forecast = model.predict(context[cut:], verbose=0)[:, 0]
    error = np.abs(forecast - target[cut:]).mean() * scale
    return {
        "seed": seed,
        "test_mae": float(error),
        "test_days": len(forecast),
        "train_seconds": seconds,
        "epochs": len(history.epoch),
    }


def main() -> None:
    """Runs the tutorial once for each seed and writes what it measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--output", type=Path, help="JSON file to write (default: stdout)")
    options = parser.parse_args()
    text = json.dumps([run(seed) for seed in options.seeds], indent=2) + "\n"
    if options.output is None:
        print(text, end="")
    else:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

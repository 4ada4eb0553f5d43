"""A file and overrides -> an experiment, or one line that says what to mend."""

from pathlib import Path

import pytest
import yaml

from params.errors import InputError
from params.load import SHIPPED_FOLDER, load, load_stored, shipped, to_yaml

SHIPPED = {
    "imdb": "classification",
    "imdb_bidirectional": "classification",
    "imdb_offline": "classification",
    "imdb_stacked": "classification",
    "temperature": "forecast",
    "text_pipeline": "classification",
}


def values_of(name: str) -> dict[str, object]:
    return load(name).model_dump(mode="json")


def error_of(name_or_file: object, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        load(str(name_or_file), overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_shipped_experiments() -> None:
    assert {name: load(name).task for name in shipped()} == SHIPPED
    assert [load(name).name for name in shipped()] == list(SHIPPED)


def test_shipped_values() -> None:
    networks = {"architectures": ["rnn", "lstm", "gru", "bilstm"], "seeds": [1, 2, 3]}
    adam = {"learning_rate": 0.001, "weight_decay": 0.0, "gradient_clip_val": 5.0}
    imdb = values_of("imdb")
    hub = {"source": "stanfordnlp/imdb", "text_column": "text", "label_column": "label"}
    assert imdb.items() >= networks.items()
    assert imdb["ingest"].items() >= {**hub, "duplicates": "keep"}.items()
    assert (
        imdb["preprocess"].items()
        >= {
            "vocab_size": 5000,
            "max_length": 100,
            "truncation_side": "start",
            "val_fraction": 0.2,
        }.items()
    )
    assert imdb["model"] == {
        "embedding_size": 32,
        "hidden_sizes": [64],
        "bidirectional": None,
        "dropout": 0.0,
        "pooling": "last",
        "head_sizes": [],
    }
    train = {"batch_size": 128, "max_epochs": 3, "patience": None, **adam}
    assert imdb["train"].items() >= train.items()
    offline = values_of("imdb_offline")
    assert offline["ingest"].items() >= {"source": "embedded", "held_out": 5000}.items()
    assert offline["seeds"] == [1]
    for section in ("architectures", "preprocess", "model", "train", "evaluate", "compare"):
        assert offline[section] == imdb[section]
    temperature = values_of("temperature")
    assert temperature.items() >= networks.items()
    assert temperature["ingest"] == {
        "source": "generated",
        "num_days": 1095,
        "mean": 25.0,
        "amplitude": 10.0,
        "period": 365.0,
        "trend": 0.0,
        "noise": 2.0,
        "seed": 42,
    }
    windows = {"context_length": 30, "prediction_length": 1, "test_fraction": 0.2}
    assert temperature["preprocess"].items() >= windows.items()
    network = {"hidden_sizes": [64, 32], "dropout": 0.2, "head_sizes": [16], "pooling": "last"}
    assert temperature["model"].items() >= network.items()
    train = {"batch_size": 32, "max_epochs": 50, "patience": 5, **adam}
    assert temperature["train"].items() >= train.items()
    baselines = ["last_value", "seasonal_last_value", "climatology", "harmonic_regression"]
    assert temperature["evaluate"].items() >= {"baselines": baselines}.items()


@pytest.mark.parametrize("name", SHIPPED)
def test_written_and_read_again_it_is_equal(name: str, tmp_path: Path) -> None:
    experiment = load(name, ["train.learning_rate=3e-4", "model.dropout=0.5", "seeds=[7]"])
    path = tmp_path / "again.yaml"
    path.write_text(to_yaml(experiment), encoding="utf-8")
    again = load(str(path))
    assert again == experiment
    assert again.digest() == experiment.digest()


@pytest.mark.parametrize(
    ("override", "section", "key", "value"),
    [
        ("train.learning_rate=1e-3", "train", "learning_rate", 0.001),
        ("train.learning_rate=1E-3", "train", "learning_rate", 0.001),
        ("train.learning_rate= .5e+0", "train", "learning_rate", 0.5),
        ("train.learning_rate=1", "train", "learning_rate", 1.0),
        (" train.max_epochs = 7", "train", "max_epochs", 7),
        ("train.patience=null", "train", "patience", None),
        ("train.patience=", "train", "patience", None),
        ("model.hidden_sizes=[8, 4, 2]", "model", "hidden_sizes", (8, 4, 2)),
        ("model.dropout=[0, 0.5]", "model", "dropout", (0.0, 0.5)),
        ("report.title='a = b'", "report", "title", "a = b"),
    ],
)
def test_an_override_is_read_as_yaml(override: str, section: str, key: str, value: object) -> None:
    overrides = [override] + ["model.dropout=0.1"] * (key == "hidden_sizes")
    found = getattr(getattr(load("temperature", overrides), section), key)
    assert found == value
    assert type(found) is type(value)


def test_a_later_override_wins_over_an_earlier_one_and_the_file() -> None:
    assert load("imdb", ["seeds=[4]", "seeds=[5, 6]"]).seeds == (5, 6)


DAYS = "the 1095 days of the series"
BASELINES = "'last_value', 'seasonal_last_value', 'climatology' or 'harmonic_regression'"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.epochs=3", "train.epochs is not a known key; did you mean train.max_epochs?"),
        ("trian.max_epochs=3", "trian is not a known key; did you mean train?"),
        ("seed=3", "seed is not a known key; did you mean seeds?"),
        (
            "compare.zzz=3",
            "compare.zzz is not a known key; known here are metric, smallest_difference, alert",
        ),
        (
            "compare.smallest_difference=0",
            "compare.smallest_difference must be more than 0.0, got 0",
        ),
        ("train.max_epochs=0", "train.max_epochs must be at least 1, got 0"),
        ("train.max_epochs=abc", 'train.max_epochs must be a whole number, got "abc"'),
        ("train.max_epochs=1.5", "train.max_epochs must be a whole number, got 1.5"),
        ("train.max_epochs=true", "train.max_epochs must be a whole number, got true"),
        ("train.max_epochs=", "train.max_epochs must be a whole number, got null"),
        ("train.learning_rate=fast", 'train.learning_rate must be a number, got "fast"'),
        ("train.learning_rate='1e-3'", 'train.learning_rate must be a number, got "1e-3"'),
        ("train.learning_rate=0", "train.learning_rate must be more than 0.0, got 0"),
        ("train.learning_rate=.nan", "train.learning_rate must be a finite number, got NaN"),
        ("ingest.noise=-1", "ingest.noise must be at least 0.0, got -1"),
        ("preprocess.test_fraction=1.0", "preprocess.test_fraction must be less than 1.0, got 1.0"),
        (
            "architectures=[rnn, cnn]",
            "architectures must be 'rnn', 'lstm', 'gru' or 'bilstm', got \"cnn\"",
        ),
        ("architectures=rnn", 'architectures must be a list, got "rnn"'),
        ("architectures=[]", "architectures must be a list of at least 1, got []"),
        (
            "architectures=[rnn, rnn]",
            "architectures must not repeat a value, got ['rnn', 'rnn']",
        ),
        ("seeds=[]", "seeds must be a list of at least 1, got []"),
        ("seeds=[1, 1]", "seeds must not repeat a value, got [1, 1]"),
        ("seeds=[-1]", "seeds must be at least 0, got -1"),
        (
            "preprocess.context_length=1095",
            f"preprocess.context_length + prediction_length must be at most {DAYS}, got 1096",
        ),
        (
            "model.bidirectional=[false, false]",
            "architectures must not have both lstm and bilstm when model.bidirectional says how "
            "every layer reads: they would be the same network",
        ),
        (
            "model.dropout=[0.1]",
            "model.dropout must have one value for each of the 2 layers in hidden_sizes, got 1",
        ),
        (
            "model.bidirectional=[true]",
            "model.bidirectional must have one value for each of the 2 layers in hidden_sizes, "
            "got 1",
        ),
        ("model.dropout=[0.1, 1.5]", "model.dropout must be less than 1.0, got 1.5"),
        ("model.dropout=half", 'model.dropout must be a number, got "half"'),
        ("model.hidden_sizes=[]", "model.hidden_sizes must be a list of at least 1, got []"),
        ("model.pooling=sum", "model.pooling must be 'last', 'max' or 'mean', got \"sum\""),
        ("train=3", "train must be a section with keys, got 3"),
        (
            "evaluate.baselines=[majority]",
            f'evaluate.baselines must be {BASELINES}, got "majority"',
        ),
        ("name=Two Words", 'name must be text like ^[a-z0-9][a-z0-9_-]{0,63}$, got "Two Words"'),
        (
            "compare.alert={metric: test/mae, drop: 0}",
            "compare.alert.drop must be more than 0.0, got 0",
        ),
        (
            "compare.alert={metric: mae, drop: 0.1}",
            'compare.alert.metric must be text like ^test/[a-z0-9_]+$, got "mae"',
        ),
        (
            "compare.alert={metric: test/mae, drop: 0.1, dorp: 0.1}",
            "compare.alert.dorp is not a known key; did you mean compare.alert.drop?",
        ),
        ("compare.metric=mae", 'compare.metric must be text like ^test/[a-z0-9_]+$, got "mae"'),
        ("compare.alert.metric=test/mae", "compare.alert.drop is missing"),
        ("task=words", "task must be classification or forecast, got 'words'"),
    ],
)
def test_a_bad_override_is_one_line(override: str, message: str) -> None:
    assert error_of("temperature", override) == f"{message} (--set {override.partition('=')[0]})"


def test_another_task_is_to_blame_for_the_keys_that_it_lacks() -> None:
    assert "(--set task) (and " in error_of("temperature", "task=classification")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train", "--set must look like section.key=value, got 'train'"),
        ("=3", "--set must look like section.key=value, got '=3'"),
        ("train..seed=3", "--set must look like section.key=value, got 'train..seed=3'"),
        (
            "train.max_epochs.x=3",
            "--set train.max_epochs.x: train.max_epochs is a value, not a sec",
        ),
        ("train.max_epochs=[", "--set train.max_epochs: the value '[' is not readable YAML"),
        ("report.title=a=b: [c", "--set report.title: the value 'a=b: [c' is not readable YAML"),
        ("name=2026-13-01", "--set name: the value '2026-13-01' is not readable YAML"),
        ("train={a: 1, a: 2}", "--set train: the value '{a: 1, a: 2}' is not readable YAML"),
        ("task=regression", "task must be classification or forecast, got 'regression'"),
        ("ingest={}", "ingest.source is missing (--set ingest) (and 7 more)"),
    ],
)
def test_a_malformed_override_is_one_line(override: str, message: str) -> None:
    assert error_of("temperature", override).startswith(message)


WHOLE = (SHIPPED_FOLDER / "temperature.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [1", "is not readable YAML at line 1, column 6: expected ',' or ']'"),
        (
            "a: 1\nb: 2\na: 3",
            "is not readable YAML at line 3, column 1: the key 'a' is given twice",
        ),
        (WHOLE.replace("noise:", "mean:"), "column 3: the key 'mean' is given twice"),
        ("? [a]\n: 1", "is not readable YAML at line 1, column 3: a key must be text, got ['a']"),
        ("1: 2", "is not readable YAML at line 1, column 1: a key must be text, got 1"),
        ("task: !!python/name:os.system", "is not readable YAML at line 1, column 7: could not"),
        ("a: 2026-13-01", "is not readable YAML: month must be in 1..12"),
        (b"\xff\xfe\xfa", "is not readable YAML: 'utf-8' codec can't decode byte 0xff"),
        ("task: forecast\na: &x [*x]", "is not readable YAML: Circular reference detected"),
        ("", "must hold keys and values such as 'name: imdb', got nothing"),
        ("- 1", "must hold keys and values such as 'name: imdb', got a list"),
    ],
)
def test_an_unreadable_file_is_one_line(content: str | bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = error_of(path)
    assert found.startswith(str(path))
    assert message in found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("task: forecast\n", "", "task must be classification or forecast, it is missing ({path})"),
        ("  noise: 2.0\n", "", "ingest.noise is missing ({path})"),
        ("seed: 42", "seed: x", 'ingest.seed must be a whole number, got "x" ({path})'),
        (
            "patience:",
            "patient:",
            "train.patient is not a known key; did you mean train.patience? ({path})",
        ),
        ("name:", "a.b: 1\nname:", "a.b is not a known key; known here are name, architectures"),
    ],
)
def test_a_bad_value_names_its_file(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert WHOLE.count(old) == 1
    path.write_text(WHOLE.replace(old, new), encoding="utf-8")
    assert error_of(path).startswith(message.format(path=path))


INLINE = (SHIPPED_FOLDER / "text_pipeline.yaml").read_text(encoding="utf-8")
FIRST = '{text: "What a terrible story, boring from start to end!", label: 0}'  # in place 4


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (FIRST, "{text: x}", "ingest.inline.train.label is missing in place 4 ({path})"),
        (FIRST, "{label: 1}", "ingest.inline.train.text is missing in place 4 ({path})"),
        (
            FIRST,
            "{text: x, label: 2}",
            "ingest.inline.train.label must be 0 or 1, got 2 in place 4 ({path})",
        ),
        (
            FIRST,
            "{text: x, label: '1'}",
            'ingest.inline.train.label must be 0 or 1, got "1" in place 4 ({path})',
        ),
        (
            FIRST,
            "{text: no, label: 0}",
            "ingest.inline.train.text must be text, got false in place 4 ({path})",
        ),
        (
            FIRST,
            "{text: x, labels: 0}",
            "ingest.inline.train.labels is not a known key; did you mean "
            "ingest.inline.train.label? in place 4 ({path}) (and 1 more)",
        ),
        (
            FIRST,
            "just text",
            'ingest.inline.train must be a section with keys, got "just text" ({path})',
        ),
        (
            "    test:\n",
            "    text:\n",
            "ingest.inline.text is not a known key; did you mean "
            "ingest.inline.test? ({path}) (and 1 more)",
        ),
        (
            '    - "Zebras gallop."\n',
            '    - " "\n',
            "evaluate.texts must hold no blank text, got one at place 4 ({path})",
        ),
        (
            "report:\n",
            "report:\n  excerpts: false\n",
            "report.excerpts must be true, or left out, when ingest.source is inline: the page "
            "shows the params, and the texts are among them ({path})",
        ),
        (
            '    - "Zebras gallop."\n',
            "    - 12\n",
            "evaluate.texts must be text, got 12 ({path})",
        ),
    ],
)
def test_a_bad_inline_text_is_one_line(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert INLINE.count(old) == 1
    path.write_text(INLINE.replace(old, new), encoding="utf-8")
    assert error_of(path) == message.format(path=path)


def test_true_and_false_are_labels_as_in_a_file() -> None:
    texts = "{train: [{text: a, label: true}], test: [{text: b, label: false}]}"
    assert load("text_pipeline", [f"ingest.inline={texts}"]).ingest.model_dump()["inline"] == {
        "train": ({"text": "a", "label": 1},),
        "test": ({"text": "b", "label": 0},),
    }


TEXTS = "{train: [{text: a, label: 0}], test: [{text: b, label: 1}]}"


@pytest.mark.parametrize(
    ("name", "override", "message"),
    [
        (
            "text_pipeline",
            "ingest.inline.test=[]",
            "ingest.inline.test must be a list of at least 1, got [] (--set ingest.inline.test)",
        ),
        (
            "text_pipeline",
            "ingest.inline={train: [{text: a, label: 0}]}",
            "ingest.inline.test is missing (--set ingest.inline)",
        ),
        (
            "text_pipeline",
            "ingest.inline=null",
            "ingest.inline is missing: it has the texts of the source inline (--set ingest.inline)",
        ),
        (
            "imdb",
            "ingest.source=inline",
            "ingest.inline is missing: it has the texts of the source inline (--set ingest.source)",
        ),
        (
            "imdb",
            f"ingest.inline={TEXTS}",
            "ingest.inline must be left out, or null, unless ingest.source is inline, which is "
            "'stanfordnlp/imdb' (--set ingest.inline)",
        ),
        (
            "text_pipeline",
            "ingest.source=embedded",
            "ingest.inline must be left out, or null, unless ingest.source is inline, which is "
            "'embedded' (--set ingest.source)",
        ),
        (
            "imdb",
            "ingest={source: a/b, duplicates: keep, text_column: t, split_seed: 0}",
            "ingest.revision is missing (and 2 more) (--set ingest)",
        ),
        (
            "text_pipeline",
            f"ingest.inline.test=[{{text: {'a' * 9_800}, label: 0}}]",
            "ingest.inline.train and test must hold at most 10,000 characters together, got "
            "10,109; more texts belong in a folder (ingest.source) (--set ingest.inline.test)",
        ),
        (
            "imdb",
            f"evaluate.texts=[{'a' * 10_001}]",
            "evaluate.texts must hold at most 10,000 characters together, got 10,001; more texts "
            "belong in a folder (ingest.source) (--set evaluate.texts)",
        ),
        ("imdb", "ingest.held_out=null", "ingest.held_out is missing (--set ingest.held_out)"),
        ("imdb", "ingest.held_out=1", "ingest.held_out must be at least 2, got 1 (--set inge"),
    ],
)
def test_texts_stand_inline_exactly_where_the_source_says_so(
    name: str, override: str, message: str
) -> None:
    assert error_of(name, override).startswith(message)


def test_a_long_wrong_value_is_cut_short() -> None:
    found = error_of("text_pipeline", f"evaluate.texts=[{', '.join(['word'] * 201)}]")
    shown = '["word", "word", ' + '"word", ' * 100
    assert found == (
        f"evaluate.texts must be a list of at most 200, got {shown[:200]}… (--set evaluate.texts)"
    )


def test_a_file_below_the_working_directory_is_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(WHOLE.replace("seed: 42", "seed: -1"), encoding="utf-8")
    assert error_of("mine.yaml") == "ingest.seed must be at least 0, got -1 (mine.yaml)"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "imbd",
            "no experiment is called 'imbd'; did you mean imdb? shipped are imdb, imdb_bidire",
        ),
        ("tempreature", "no experiment is called 'tempreature'; did you mean temperature? shipped"),
        (
            "qqq",
            "no experiment is called 'qqq'; shipped are imdb, imdb_bidirectional, imdb_offline, ",
        ),
        ("~nobody-of-that-name", "no experiment is called '~nobody-of-that-name'; shipped are "),
        ("no/such.yaml", "no params file at no/such.yaml"),
        ("such.yaml", "no params file at such.yaml"),
    ],
)
def test_an_unknown_experiment_is_one_line(name: str, message: str) -> None:
    assert error_of(name).startswith(message)


def test_a_shipped_name_goes_before_a_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("imdb").write_text(WHOLE, encoding="utf-8")
    assert load("imdb").task == "classification"
    assert load("./imdb").task == "forecast"


def test_the_resolved_file_begins_with_what_matters_most() -> None:
    assert list(yaml.safe_load(to_yaml(load("imdb"))))[:4] == [
        *("name", "task", "architectures", "seeds"),
    ]


def test_what_is_kept_elsewhere_is_read_like_a_file() -> None:
    experiment = load("imdb", ["train.max_epochs=4"])
    text = to_yaml(experiment)
    assert load_stored(text, [], "there") == experiment
    changed = load_stored(text, ["train.max_epochs=2", "seeds=[9]"], "there")
    assert (changed.train.max_epochs, changed.seeds) == (2, (9,))
    assert changed.model == experiment.model


@pytest.mark.parametrize(
    ("text", "overrides", "said"),
    [
        (None, ["train.max_epochs=0"], "must be at least 1, got 0 (--set train.max_epochs)"),
        (None, ["train.max_epoch=3"], "did you mean train.max_epochs? (--set train.max_epoch)"),
        (None, ["task=x"], "task must be classification or forecast, got 'x' (--set task)"),
        ("a: [", [], "run 1f is not readable YAML at line 1, column 5"),
        ("", [], "run 1f must hold keys and values such as 'name: imdb', got nothing"),
        ("task: forecast\nname: a", [], "is missing (run 1f)"),
    ],
)
def test_what_is_wrong_with_it_names_where_it_is_kept(
    text: str | None, overrides: list[str], said: str
) -> None:
    kept = to_yaml(load("imdb")) if text is None else text
    with pytest.raises(InputError) as caught:
        load_stored(kept, overrides, "run 1f")
    assert said in str(caught.value)

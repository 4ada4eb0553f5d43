"""The folder of all reports: what lies in it, and what is passed over."""

import json
import re
import threading
import time
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem

from components import patience
from components.records import ComparedData, Comparison, Provenance, Row, Spread
from components.remote import Remote
from components.storage import Home
from flows.reports import newest
from flows.reports.folder import summaries
from flows.reports.newest import open_report
from flows.reports.shared import bring
from flows.reports.writing import write_index, write_report
from params.errors import InputError


def comparison(id: str, *, day: int = 1) -> Comparison:
    """A comparison of one network."""
    mae = Spread(mean=1.5, low=1.5, high=1.5, values=(1.5,))
    row = Row(
        kind="network",
        name="lstm",
        label="LSTM",
        architecture="lstm",
        num_parameters=1,
        train_seconds=1,
        seeds=(1,),
        metrics={"test/mae": mae},
        best=True,
    )
    return Comparison(
        id=id,
        experiment="heat",
        title=f"Title of {id}",
        task="forecast",
        created=f"2026-01-{day:02}T00:00:00+00:00",
        metric="test/mae",
        data=ComparedData(source="", fingerprint="", train=1, val=1, test=1),
        rows=(row,),
        missing=(),
        curves=(),
        forecast=None,
        floor={},
        provenance=Provenance(
            params="", params_digest="", command="", code_revision="", versions={}, machine=""
        ),
    )


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "outputs" / "reports"


def listed(reports: Path) -> list[str]:
    """The ids that the list links to, in order."""
    page = (reports / "index.html").read_text(encoding="utf-8")
    return re.findall(r'href="([^"/]*)/report.html"', page)


def test_every_report_is_in_the_list_at_once(reports: Path) -> None:
    first = comparison("heat-1")
    folder = write_report(first, reports)
    assert folder == reports / "heat-1"
    assert Comparison.model_validate_json((folder / "comparison.json").read_bytes()) == first
    assert "Title of heat-1" in (folder / "report.html").read_text(encoding="utf-8")
    write_report(comparison("heat-3", day=3), reports)
    write_report(comparison("heat-2", day=2), reports)
    assert listed(reports) == ["heat-3", "heat-2", "heat-1"]
    assert "MAE 1.500 °C" in (reports / "index.html").read_text(encoding="utf-8")
    assert not list(reports.glob(".*.partial"))


def test_what_is_no_report_is_passed_over(reports: Path) -> None:
    write_report(comparison("heat-1"), reports)
    for name in ("empty", "foreign", "broken", "renamed", "no-page", "old", "unknown"):
        (reports / name).mkdir()
    (reports / "file").touch()
    (reports / "link").symlink_to(reports / "nowhere")
    (reports / "foreign" / "report.html").write_text("somebody's")
    (reports / "broken" / "report.html").write_text("page")
    (reports / "broken" / "summary.json").write_text("{")
    (reports / "broken" / "comparison.json").write_bytes(b"\xff{")
    for name in ("comparison.json", "summary.json", "report.html"):
        content = (reports / "heat-1" / name).read_bytes()
        (reports / "renamed" / name).write_bytes(content)
        if name != "report.html":
            (reports / "no-page" / name).write_bytes(content.replace(b"heat-1", b"no-page"))
    unknown = comparison("unknown").model_copy(update={"metric": "test/of_another_version"})
    for one in (comparison("old"), unknown):  # as a version that knew no summary left it
        (reports / one.id / "comparison.json").write_text(one.model_dump_json())
        (reports / one.id / "report.html").touch()
    write_index(reports)
    assert listed(reports) == ["old", "heat-1"]
    assert json.loads((reports / "old" / "summary.json").read_text())["id"] == "old"


def test_a_report_that_is_gone_leaves_the_list(reports: Path) -> None:
    for name in ("heat-1", "heat-2"):
        write_report(comparison(name), reports)
    (reports / "heat-1" / "report.html").unlink()
    write_index(reports)
    assert listed(reports) == ["heat-2"]


def test_reports_that_end_together_are_all_listed(reports: Path) -> None:
    ids = [f"heat-{number}" for number in range(8)]
    threads = [
        threading.Thread(target=write_report, args=(comparison(one), reports)) for one in ids
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(listed(reports)) == ids


def test_a_folder_that_is_not_there_has_no_reports(tmp_path: Path) -> None:
    assert list(summaries(tmp_path / "none")) == []


@pytest.mark.parametrize(
    ("id", "opened"),
    [(None, "heat-3"), ("latest", "heat-3"), ("heat-1", "heat-1"), ("cold", "cold-1")],
)
@pytest.mark.parametrize("display", [True, False])
def test_a_report_is_opened_and_its_path_printed(
    reports: Path,
    id: str | None,
    opened: str,
    display: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for day, name in enumerate(("heat-12", "heat-3", "heat-1", "cold-1"), 1):
        write_report(comparison(name, day=9 if name == "heat-3" else day), reports)
    shown: list[str] = []
    monkeypatch.setattr(newest.webbrowser, "open", lambda uri: shown.append(uri) or True)
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if display:
        monkeypatch.setenv("DISPLAY", ":0")
    open_report(id, Home(reports.parent))
    page = reports / opened / "report.html"
    printed = capsys.readouterr()
    assert printed.out == f"{page}\n"
    said = "" if display else "no browser could be opened here; open the file yourself\n"
    assert (shown, printed.err) == ([page.as_uri()] if display else [], said)


HERE, THERE = (f"heat-2026010{day}-000000-aaaa" for day in (1, 2))


def test_a_report_that_is_here_is_opened_though_the_rest_is_out_of_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(newest, "has_display", lambda: False)
    url = (tmp_path / "shared").as_uri()
    home = Home(tmp_path / "own", Remote(url))
    home.require_writable()
    write_report(comparison(HERE), home.reports)
    write_report(comparison(THERE, day=2), tmp_path / "shared" / "reports")

    def opened(id: str | None) -> tuple[str, str]:
        open_report(id, home)
        printed = capsys.readouterr()
        return Path(printed.out.strip()).parent.name, printed.err.splitlines()[0]

    def ls(*_: object, **__: object) -> None:
        raise ConnectionError("no answer")

    with monkeypatch.context() as away:
        away.setattr(LocalFileSystem, "ls", ls)
        away.setattr(patience, "PAUSES", (60,))
        began = time.monotonic()
        assert opened(HERE) == (HERE, "no browser could be opened here; open the file yourself")
        warned = f"{url}/reports could not be read: no answer; only the reports of this machine "
        for wish in (None, "latest", HERE[:-1]):
            assert opened(wish) == (HERE, f"{warned}are looked at")
        with pytest.raises(InputError, match="has an id that is or begins with"):
            open_report(THERE, home)
        assert time.monotonic() - began < 30
        with pytest.raises(InputError, match="could not be read: no answer"):
            bring(THERE, home, tries=False)
    capsys.readouterr()
    assert opened(None)[0] == THERE


def test_a_browser_that_does_not_start_is_told(
    reports: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_report(comparison("heat-1"), reports)
    monkeypatch.setattr(newest.webbrowser, "open", lambda uri: False)
    monkeypatch.setenv("DISPLAY", ":0")
    open_report(None, Home(reports.parent))
    assert capsys.readouterr().err.startswith("no browser could be opened here")


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("heat", "heat is the beginning of several reports: heat-2, heat-1; give more of it"),
        ("haet-1", "has an id that is or begins with 'haet-1'; did you mean heat-1 or heat-2?"),
        ("x", "begins with 'x'; the newest are heat-2, heat-1; `unroll report ID` makes one again"),
        ("", "begins with ''; the newest are heat-2, heat-1"),
        ("../reports/heat-1", "has an id that is or begins with '../reports/heat-1'; "),
    ],
)
def test_a_report_that_is_not_there_is_told(reports: Path, id: str, said: str) -> None:
    for name in ("heat-1", "heat-2"):
        write_report(comparison(name), reports)
    with pytest.raises(InputError) as caught:
        open_report(id, Home(reports.parent))
    assert said in str(caught.value)

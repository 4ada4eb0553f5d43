"""Imports point one way: params <- components <- dashboards <- flows, and never in a circle."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("params", "components", "dashboards", "flows")
STAGES = ("ingest", "preprocess", "train", "tune", "evaluate", "compare", "tracking", "predict")
SHARED = (
    "records",
    "markdown",
    "metrics",
    "scores",
    "stopping",
    "importing",
    "disk",
    "columns",
    "files",
    "manifest",
    "locks",
    "usage",
    "patience",
    "address",
    "filesystem",
    "remote",
    "outputs",
    "here",
    "storage",
    "provenance",
    "cautions",
)
OWNERS = {  # a package of others, and who alone may import it
    "prefect": "flows",
    "prefect_dask": "flows.cluster",
    "dask": "flows.cluster",
    "distributed": "flows.cluster",
    "mlflow": "components.tracking",
    "pytorch_lightning": "components.train",
    "lightning": "components.train",
    "optuna": "components.tune",
}


def house() -> dict[str, str]:
    """Module name -> source of everything in the four packages."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): (
            path.read_text(encoding="utf-8")
        )
        for path in files
    }


def imported(name: str, source: str, modules: set[str]) -> set[str]:
    """What a module imports, wherever in it, each as the longest name that is a module."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import"
            assert node.module
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in modules else node.module)
    return found


def rank(name: str) -> tuple[int, int]:
    """The place of a module of ours in the order of imports; the shared ones come first."""
    package, _, rest = name.partition(".")
    part = rest.split(".")[0]
    known = package != "components" or part in {"", *SHARED, *STAGES}
    assert known, f"{name} is neither a stage nor a shared module"
    stage = STAGES.index(part) + 1 if package == "components" and part in STAGES else 0
    return PACKAGES.index(package), stage


def breaches(sources: dict[str, str]) -> list[str]:
    """Every import that breaks a rule, and a circle if there is one."""
    graph = {name: imported(name, source, set(sources)) for name, source in sources.items()}
    found = []
    for name, targets in graph.items():
        for target in targets:
            top = target.split(".")[0]
            owner = OWNERS.get(top)
            if owner and not f"{name}.".startswith(f"{owner}."):
                found.append(f"{name} imports {top}")
            if top in PACKAGES and rank(target) > rank(name):
                found.append(f"{name} imports {target}")
    try:
        TopologicalSorter({name: targets - {name} for name, targets in graph.items()}).prepare()
    except CycleError as error:
        found.append(f"circle {' '.join(sorted(set(error.args[1])))}")
    return sorted(found)


def test_the_house_keeps_its_order() -> None:
    sources = house()
    assert {name.split(".")[0] for name in sources} == set(PACKAGES)
    assert breaches(sources) == []


@pytest.mark.parametrize(
    ("sources", "breach"),
    [
        ({"params.a": "import components.records"}, "params.a imports components.records"),
        ({"components.metrics": "import dashboards"}, "components.metrics imports dashboards"),
        ({"dashboards.a": "from flows import b"}, "dashboards.a imports flows"),
        ({"dashboards.a": "from flows import b", "flows.b": ""}, "dashboards.a imports flows.b"),
        ({"components.ingest.a": "import components.compare"}, "components.ingest.a imports"),
        ({"components.train.a": "def f():\n from components.evaluate import b"}, "components.tr"),
        ({"components.storage": "from components.ingest.text import a"}, "components.storage imp"),
        ({"components.compare": "import components.tracking"}, "components.compare imports comp"),
        ({"components.compare": "from prefect.cache import x"}, "components.compare imports pre"),
        (
            {"components.tracking.a": "", "components.compare": "import mlflow"},
            "components.compare",
        ),
        ({"flows.tasks": "def f():\n from mlflow import x"}, "flows.tasks imports mlflow"),
        ({"components.evaluate.a": "import pytorch_lightning as pl"}, "components.evaluate.a imp"),
        ({"flows.a": "import flows.b", "flows.b": "from flows import a"}, "circle flows.a flows.b"),
        ({"flows.a": "if x:\n import flows.b", "flows.b": "import flows.a"}, "circle flows.a"),
    ],
)
def test_a_breach_is_caught(sources: dict[str, str], breach: str) -> None:
    found = breaches(sources)
    assert len(found) == 1
    assert found[0].startswith(breach)


def test_a_component_outside_the_order_is_caught() -> None:
    with pytest.raises(AssertionError, match=r"components\.utils is neither a stage nor a shared"):
        breaches({"components.utils": "", "flows.a": "import components.utils"})


@pytest.mark.parametrize(
    "sources",
    [
        {
            "components.train.fit": "import pytorch_lightning",
            "components.tracking": "import mlflow",
        },
        {"flows.a": "from prefect import flow\nfrom dashboards import b\nimport params.load"},
        {"components.evaluate.a": "from components.train.b import c\nimport components.storage"},
    ],
)
def test_what_is_allowed_passes(sources: dict[str, str]) -> None:
    assert breaches(sources) == []


def test_the_process_of_the_flow_stays_light() -> None:
    """What trains is imported in children alone: torch takes two seconds and 200 MB."""
    needed = "flows.cli, flows.experiment, flows.reports.writing, components.tracking.champion"
    heavy = "torch", "pytorch_lightning", "sklearn", "statsmodels", "scipy.stats", "distributed"
    script = f"import sys, {needed}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("[]\n", 0)

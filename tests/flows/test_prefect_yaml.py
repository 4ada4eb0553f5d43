"""prefect.yaml: what it deploys is there, and is what is shipped."""

import asyncio
import importlib
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools import validate
from prefect.workers.base import BaseJobConfiguration

from flows.settings import DEFAULTS
from params.load import load, shipped

TEXT = (Path(__file__).parents[2] / "prefect.yaml").read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
DEPLOYMENTS: list[dict[str, Any]] = FILE["deployments"]


def test_every_deployment_is_a_shipped_experiment() -> None:
    names = [one["name"] for one in DEPLOYMENTS]
    assert len(names) == len(set(names)) >= 3
    assert set(names) <= set(shipped())


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one["name"])
def test_a_deployment_has_a_flow_and_the_params_of_its_file(deployment: dict[str, Any]) -> None:
    module, _, name = deployment["entrypoint"].rpartition(".")
    flow = getattr(importlib.import_module(module), name)
    params = load(deployment["name"])
    assert isinstance(flow, Flow)
    assert flow.name == params.task
    assert deployment["parameters"] == {"fresh": False, "params": params.model_dump(mode="json")}
    assert validate(deployment["parameters"], parameter_schema(flow.fn).model_dump()) == []
    assert deployment["description"] == params.report.title
    limit = ConcurrencyLimitConfig.model_validate(deployment["concurrency_limit"])
    assert limit.limit == 1
    told = deployment["work_pool"]["job_variables"]["env"]
    assert told.items() <= DEFAULTS.items()
    assert told["PREFECT_LOGGING_EXTRA_LOGGERS"] == "components"


def test_schedules_are_there_to_be_uncommented() -> None:
    lines = TEXT.replace("    # schedules:", "    schedules:").replace("    #   - {", "      - {")
    found = [one["schedules"] for one in yaml.safe_load(lines)["deployments"]]
    assert [len(one) for one in found] == [1] * len(DEPLOYMENTS)
    assert {name for one in found for name in one[0]} == {"cron", "interval", "timezone"}
    assert not any("schedules" in one for one in DEPLOYMENTS)


POOLS = {"process": "prefect", "docker": "prefect-docker"}
POOLS |= {"kubernetes": "prefect-kubernetes", "ecs": "prefect-aws"}


@pytest.mark.parametrize("kind", POOLS)
def test_every_kind_of_work_pool_knows_its_job_variables(kind: str) -> None:
    data = resources.files("prefect.server.api.collections_data") / "views"
    workers = json.loads((data / "aggregate-worker-metadata.json").read_text(encoding="utf-8"))
    template = workers[POOLS[kind]][kind]["default_base_job_configuration"]
    asked = FILE["definitions"][kind]["job_variables"]
    filled = {name: value for name, value in asked.items() if "{{" not in str(value)}
    assert asked.keys() <= template["variables"]["properties"].keys()
    assert validate(filled, template["variables"]) == []
    if kind != "process":
        assert asked["env"]["UNROLL_HOME"] == "/data"
        assert asked["image"] == "{{ $UNROLL_IMAGE }}"


def test_the_kind_of_work_pool_is_one_word_to_change() -> None:
    (command,) = re.findall(r"sed '(.*)' prefect.yaml > docker.yaml", TEXT)
    _, old, new, _ = command.split("/")
    changed = yaml.safe_load(re.sub(old, new.replace("\\", ""), TEXT))
    pools = [one["work_pool"] for one in changed["deployments"]]
    assert pools == [FILE["definitions"]["docker"]] * len(DEPLOYMENTS)
    assert changed["definitions"] == FILE["definitions"]


def test_no_address_with_a_password_is_stored_with_a_deployment() -> None:
    said = [line for line in TEXT.splitlines() if not line.lstrip().startswith("#")]
    assert set(re.findall(r"\$\w+", "\n".join(said))) == {"$UNROLL_IMAGE"}
    assert not any("prefect.blocks" in line or "MLFLOW" in line for line in said)


def test_a_pool_says_where_mlflow_is() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"`(\{\"MLFLOW_TRACKING_URI\": .*?\})`", readme)
    pools = {**json.loads(told), "OF_THE_POOL": "kept"}
    asked = FILE["definitions"]["docker"]["job_variables"]["env"]
    seen: list[Any] = []

    async def resolved(template: Any, client: Any) -> Any:
        seen.append(template)
        return template

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("prefect.workers.base.resolve_block_document_references", resolved)
        patch.setattr("prefect.workers.base.resolve_variables", resolved)
        made = asyncio.run(
            BaseJobConfiguration.from_template_and_values(
                {
                    "job_configuration": {"env": "{{ env }}"},
                    "variables": {"properties": {"env": {"default": pools}}},
                },
                {"env": asked},
                client=cast("PrefectClient", object()),  # else it starts a server
            )
        )
    assert made.env == {**pools, **asked}
    assert seen[0]["env"]["MLFLOW_TRACKING_URI"] == "{{ prefect.blocks.secret.mlflow }}"


def test_it_names_no_place_of_a_machine() -> None:
    assert FILE["pull"] == []
    said = [line for line in TEXT.splitlines() if not line.lstrip().startswith("#")]
    in_image = ["    UNROLL_HOME: /data"]
    assert [line for line in said if "/home" in line or ": /" in line] == in_image

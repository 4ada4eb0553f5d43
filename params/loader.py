"""YAML as people mean it."""

import re
from collections.abc import Hashable
from typing import Any

import yaml


class ParamsLoader(yaml.SafeLoader):
    """YAML as people mean it: `1e-3` is a number, keys are text, and none is given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping whose keys are all different."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            problem = None
            if not isinstance(key, str):
                problem = f"a key must be text, got {key}"
            elif key in seen:
                problem = f"the key {key!r} is given twice"
            if problem:
                raise yaml.constructor.ConstructorError(
                    problem=problem, problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


# YAML 1.1, which PyYAML follows, reads 1e-3 as a word; YAML 1.2 and everybody else as a number.
ParamsLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)

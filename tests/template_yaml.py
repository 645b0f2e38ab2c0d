"""template.yaml as data. `!Ref X` is read as `{"Ref": "X"}`, `!GetAtt X.Y` as `{"Fn::GetAtt": "X.Y"}`, and so on."""

from typing import Any

import yaml

from tests.project import PROJECT


class _Loader(yaml.SafeLoader):
    pass


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    match node:
        case yaml.ScalarNode():
            return {name: loader.construct_scalar(node)}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
        case _:
            raise ValueError(f"{tag} of {node}")


_Loader.add_multi_constructor("!", _intrinsic)

TEMPLATE: dict[str, Any] = yaml.load((PROJECT / "template.yaml").read_text(), _Loader)  # noqa: S506 a SafeLoader
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]


def properties_of(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type, by logical id."""
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}

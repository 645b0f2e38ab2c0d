"""Imports go one way: functions, use cases and HTTP, gateways, domain."""

import ast
from collections.abc import Iterator

import pytest

from tests.project import PROJECT

LAYERS = (PROJECT / "layers/core", PROJECT / "layers/imaging")
OURS = ("background_remover", "imaging")

# What each part of the code may import of our own code.
ALLOWED = {
    "background_remover.domain": ("background_remover.domain",),
    "imaging": ("imaging", "background_remover.domain"),
    "background_remover.gateways": ("background_remover.gateways", "background_remover.domain"),
    "background_remover.use_cases": (
        "background_remover.use_cases",
        "background_remover.gateways",
        "background_remover.domain",
        "background_remover.observability",
        "imaging",
    ),
    "background_remover.http": (
        "background_remover.http",
        "background_remover.use_cases",
        "background_remover.gateways",
        "background_remover.domain",
        "background_remover.observability",
    ),
    "background_remover.removebg": (
        "background_remover.removebg",
        "background_remover.http",
        "background_remover.use_cases",
        "background_remover.gateways",
        "background_remover.domain",
        "background_remover.observability",
        "imaging",
    ),
    "background_remover.openapi": (
        "background_remover.openapi",
        "background_remover.http",
        "background_remover.removebg",
        "background_remover.domain",
    ),
}
PURE = {
    *("__future__", "base64", "calendar", "collections", "dataclasses", "datetime", "enum", "hashlib", "math"),
    *("hmac", "json"),
    *("idna", "re", "typing", "unicodedata", "urllib"),
}


@pytest.mark.parametrize("part", ALLOWED)
def test_imports_go_one_way(part: str) -> None:
    wrong = {
        f"{module} imports {imported}"
        for module, imported in imports_of(part)
        if is_within(imported, OURS) and imported not in OURS and not is_within(imported, ALLOWED[part])
    }
    assert wrong == set()


def test_the_domain_imports_nothing_that_has_effects() -> None:
    foreign = {imported for _, imported in imports_of("background_remover.domain") if not is_within(imported, OURS)}
    assert {imported.partition(".")[0] for imported in foreign} <= PURE


def test_the_domain_never_asks_what_time_it_is() -> None:
    clocks = {"now", "utcnow", "today", "time"}
    calls = {
        f"{module}: {node.func.attr}"
        for module, tree in modules_of("background_remover.domain")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in clocks
    }
    assert calls == set()


def test_nothing_in_the_layers_imports_a_function_or_a_test() -> None:
    imported = {imported for part in OURS for _, imported in imports_of(part)}
    assert not {name for name in imported if is_within(name, ("app", "functions", "tests"))}


def imports_of(part: str) -> Iterator[tuple[str, str]]:
    """(module, what it imports), wherever the import stands, `from a import b` being both `a` and `a.b`."""
    for module, tree in modules_of(part):
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    yield from ((module, each.name) for each in names)
                case ast.ImportFrom(module=str(source), names=names, level=0):
                    yield from ((module, full) for each in names if (full := member(source, each.name)))
                case ast.ImportFrom():
                    raise ValueError(f"{module} has a relative import")


def member(source: str, name: str) -> str:
    """The module that `from source import name` loads: `source.name` where that is a module, else `source`."""
    relative = f"{source}.{name}".replace(".", "/")
    is_module = any((layer / f"{relative}.py").exists() or (layer / relative).is_dir() for layer in LAYERS)
    return f"{source}.{name}" if is_module else source


def modules_of(part: str) -> Iterator[tuple[str, ast.Module]]:
    files = [file for layer in LAYERS for file in sorted((layer / part.replace(".", "/")).rglob("*.py"))]
    assert files
    for file in files:
        yield file.stem if file.stem != "__init__" else file.parent.name, ast.parse(file.read_text())


def is_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)

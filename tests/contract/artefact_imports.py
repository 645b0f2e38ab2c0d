"""Imports `app` and whatever it loads later, from the given folders alone.

Prints the modules that were loaded with `app`, and the files of all modules in the end.

Run as `python -I -S artefact_imports.py FOLDER…`, so that nothing but the standard library is there besides.
"""

import ast
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path


def imports_within_functions(file: Path) -> Iterator[tuple[str, list[str]]]:
    """(module, names taken from it) of the imports that run with a call and not with the module."""
    for function in ast.walk(ast.parse(file.read_text())):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                match node:
                    case ast.Import(names=names):
                        yield from ((each.name, []) for each in names)
                    case ast.ImportFrom(module=str(module), names=names):
                        yield module, [each.name for each in names]


def import_later_ones(seen: set[str]) -> None:
    ours = {
        name: Path(str(module.__file__))
        for name, module in sys.modules.items()
        if name.partition(".")[0] in ("app", "background_remover", "imaging") and module.__file__ and name not in seen
    }
    if not ours:
        return
    for file in ours.values():
        for name, members in imports_within_functions(file):
            module = importlib.import_module(name)
            for member in members:
                if not hasattr(module, member):
                    importlib.import_module(f"{name}.{member}")
    import_later_ones(seen | set(ours))


if __name__ == "__main__":
    sys.path[:0] = sys.argv[1:]
    importlib.import_module("app")
    at_first = list(sys.modules)
    import_later_ones(set())
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    in_the_end = {name: file for name, file in files.items() if file and file != __file__}
    print(json.dumps({"at_first": at_first, "in_the_end": in_the_end}))

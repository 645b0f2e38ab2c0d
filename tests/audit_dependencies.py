"""`make audit-dependencies`: is there an advisory for anything that is pinned? pip-audit asks OSV, file by file.

Where the database cannot be reached nothing is known, which is said and is no failure.
"""

import json
import subprocess
import sys
from typing import Any

from tests.project import PROJECT

PIP_AUDIT = PROJECT / ".cache/pip_audit/bin/pip-audit"
PINNED = sorted(
    file
    for folder in ("docs", "layers", "tests")
    for file in (PROJECT / folder).rglob("*.txt")
    if "--hash=sha256:" in file.read_text()
)
# Names of errors in pip-audit's traceback and messages when nobody, or somebody else, answers.
_UNREACHED = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ServiceError", "ProxyError", "SSLError")


class UnreachableError(Exception):
    """The database of advisories cannot be asked."""


def findings(returncode: int, answer: str, errors: str) -> list[str]:
    """A line for each advisory. Raises `UnreachableError`, and `RuntimeError` where pip-audit failed otherwise."""
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except ValueError:
        last = errors.strip().rpartition("\n")[2]
        if any(name in errors for name in _UNREACHED):
            raise UnreachableError(last) from None
        raise RuntimeError(f"pip-audit ended with {returncode}: {last}") from None
    # A package that the database does not know was not audited, whatever pip-audit's last line says.
    if unknown := [each["name"] for each in packages if "skip_reason" in each]:
        raise UnreachableError(f"it knows nothing of {', '.join(unknown)}")
    return [
        f"{each['name']} {each['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no version'}"
        for each in packages
        for found in each["vulns"]
    ]


def main() -> int:
    found = 0
    for file in PINNED:
        name = file.relative_to(PROJECT)
        command = [str(PIP_AUDIT), "-s", "osv", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
        run = subprocess.run([*command, "-f", "json", "-r", str(file)], capture_output=True, text=True)
        try:
            lines = findings(run.returncode, run.stdout, run.stderr)
        except UnreachableError as error:
            print(f"NOT AUDITED: the database of advisories cannot be reached from here: {error}")
            return 0
        found += len(lines)
        print(f"{name}: {len(lines)} advisories", *lines, sep="\n  ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

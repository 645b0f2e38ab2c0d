"""`make deploy` and `make rollback`: what is committed is built, deployed and tagged; what was deployed can come back.

A deployment is an annotated tag of git, `deployed/<environment>/<time>-<commit>`. What the stack itself says it runs
decides whether there is one.
"""

import argparse
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

LOCAL = "default"  # The environment of this machine, which `make up` deploys.
SHORT = 10  # Digits of a commit in a tag.


class ReleaseError(Exception):
    """What keeps something from being deployed, in one line."""


@dataclass(frozen=True, slots=True)
class Deployment:
    tag: str
    commit: str


def standing(deployments: Iterable[Deployment]) -> list[Deployment]:
    """What lies below the newest deployment, oldest first and the newest last: a commit that came back has taken what
    was deployed after it away."""
    found: list[Deployment] = []
    for deployment in deployments:
        commits = [each.commit for each in found]
        if deployment.commit in commits:
            del found[commits.index(deployment.commit) :]
        found.append(deployment)
    return found


class Repository:
    """A checkout of git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def require_clean(self) -> None:
        if dirty := self._git("status", "--porcelain").splitlines():
            files = ", ".join(line[3:] for line in dirty[:10]) + (" …" if len(dirty) > 10 else "")
            raise ReleaseError(f"Only what is committed can be deployed. Commit or take back: {files}")

    def head(self) -> str:
        return self._git("rev-parse", "HEAD")

    def deployments(self, environment: str) -> list[Deployment]:
        """Of an environment, oldest first."""
        lines = self._git(
            "for-each-ref",
            "--sort=refname",
            "--format=%(refname:strip=2) %(*objectname)",
            f"refs/tags/{_tag(environment)}",
        ).splitlines()
        return [Deployment(*line.split()) for line in lines]

    def commit_named(self, name: str) -> str:
        try:
            return self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except ReleaseError:
            raise ReleaseError(
                f"There is no commit “{name}” here. After `git fetch --tags` there may be one."
            ) from None

    def tag(self, environment: str, commit: str, at: datetime) -> str:
        name = f"{_tag(environment)}/{at:%Y%m%dT%H%M%SZ}-{commit[:SHORT]}"
        self._git("tag", "--annotate", name, commit, "--message", f"Deployed to {environment}")
        return name

    def check_out(self, commit: str, folder: Path) -> "Repository":
        """A clean checkout beside this one. `remove` it afterwards."""
        self.remove(folder)
        self._git("worktree", "add", "--quiet", "--detach", str(folder), commit)
        return Repository(folder)

    def remove(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._git("worktree", "prune")

    def _git(self, *arguments: str) -> str:
        outcome = subprocess.run(["git", *arguments], cwd=self.folder, capture_output=True, text=True)
        if outcome.returncode != 0:
            raise ReleaseError(f"git {arguments[0]}: {' '.join(outcome.stderr.split())}")
        return outcome.stdout.rstrip()


@dataclass(frozen=True, slots=True)
class Environment:
    """Of a checkout's samconfig.toml. `overrides` are its parameters as SAM takes them."""

    name: str
    stack: str
    overrides: Sequence[str]

    @classmethod
    def of(cls, checkout: Path, name: str) -> "Environment":
        config: dict[str, Any] = tomllib.loads((checkout / "samconfig.toml").read_text())
        deployable = [key for key, value in config.items() if isinstance(value, dict) and key != LOCAL]
        if name not in deployable:
            raise ReleaseError(f"samconfig.toml has no environment “{name}”. Choose one of: {', '.join(deployable)}")
        return cls(
            name,
            stack=config[name]["global"]["parameters"]["stack_name"],
            overrides=config[name]["deploy"]["parameters"].get("parameter_overrides", []),
        )


class Releases:
    """`here` is the checkout that make was called in."""

    def __init__(self, here: Repository, environment: str) -> None:
        self._here = here
        self._environment = Environment.of(here.folder, environment)

    def deploy(self, now: datetime) -> None:
        self._here.require_clean()
        self._put(self._here, self._here.head(), now)

    def roll_back(self, to: str | None, now: datetime) -> None:
        """All at once: the alarm that rings would keep a canary from what makes it stop."""
        commit = self._target(to)
        folder = self._here.folder / ".cache/rollback" / self._environment.name
        print(f"going back to {commit[:SHORT]}", flush=True)  # noqa: T201 a command's answer
        checkout = self._here.check_out(commit, folder)
        try:
            self._put(checkout, commit, now, "Canary=false")
        finally:
            self._here.remove(folder)

    def _target(self, to: str | None) -> str:
        name, deployments = self._environment.name, self._here.deployments(self._environment.name)
        if to is None:
            below = standing(deployments)[:-1]
            if not below:
                raise ReleaseError(f"There is nothing to go back to: {name} has had one commit at most.")
            return below[-1].commit
        commit = self._here.commit_named(to)
        if commit not in [each.commit for each in deployments]:
            known = ", ".join(each.commit[:SHORT] for each in deployments[-5:]) or "none"
            raise ReleaseError(f"{commit[:SHORT]} was never deployed to {name}. These were, newest last: {known}")
        return commit

    def _put(self, checkout: Repository, commit: str, now: datetime, *overrides: str) -> None:
        name = self._environment.name
        environment = Environment.of(checkout.folder, name)
        # Its own Makefile says how it is built; the tools are those of the shell that make has prepared.
        _run("make", "--no-print-directory", "package", f"ENV={name}", folder=checkout.folder)
        own = [*environment.overrides, *overrides, f"Commit={commit}", f"DeployedAt={int(now.timestamp())}"]
        # Without its name SAM looks for the configuration beside the built template.
        config = str(checkout.folder.absolute() / "samconfig.toml")
        template = f".cache/build/{name}/template.yaml"
        deploy = ["sam", "deploy", "--config-file", config, "--config-env", name, "--template-file", template]
        _run(*deploy, "--parameter-overrides", *own, folder=checkout.folder)
        if (runs := _commit_of(environment.stack)) != commit:
            raise ReleaseError(f"Nothing was deployed: {environment.stack} runs {runs}.")
        tag = self._here.tag(name, commit, now)
        below = standing(self._here.deployments(name))[:-1]
        back = f"make rollback ENV={name}   # to {below[-1].commit[:SHORT]}" if below else "nowhere, it is the first"
        print(  # noqa: T201 a command's answer
            f"{environment.stack} runs {commit[:SHORT]}\n"
            f"tagged:      {tag}\n"
            f"for others:  git push origin {tag}\n"
            f"to go back:  {back}"
        )


def _tag(environment: str) -> str:
    return f"deployed/{environment}"


def _commit_of(stack: str) -> str:
    description = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in description.get("Parameters", [])}
    return parameters.get("Commit", "what has no commit")


def _run(*command: str, folder: Path) -> None:
    if subprocess.run(command, cwd=folder).returncode != 0:
        raise ReleaseError(f"“{' '.join(command[:2])}” failed, as is said above. Nothing is tagged.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Deploy what is committed, or what was deployed before.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in ("deploy", "rollback"):
        commands.add_parser(command).add_argument("environment")
    commands.choices["rollback"].add_argument("--to", help="a commit that was deployed before; else the one before")
    arguments = parser.parse_args()
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        releases = Releases(Repository(Path.cwd()), arguments.environment)
        if arguments.command == "deploy":
            releases.deploy(now)
        else:
            releases.roll_back(arguments.to, now)
    except ReleaseError as error:
        sys.exit(str(error))
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"AWS: {error}")


if __name__ == "__main__":
    main()

"""What lies below a deployment, and what `make deploy` and `make rollback` refuse: with git itself, and no AWS."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from background_remover.releases import Deployment, ReleaseError, Releases, Repository, standing

NOW = datetime(2026, 11, 28, 19, tzinfo=UTC)


def below(commits: str) -> str:
    return "".join(each.commit for each in standing(Deployment(str(n), commit) for n, commit in enumerate(commits)))


@pytest.mark.parametrize(
    ("deployed", "stands"),
    [
        ("", ""),
        ("a", "a"),
        ("abc", "abc"),
        pytest.param("abcb", "ab", id="what came back takes what came after it away"),
        pytest.param("abcba", "a", id="going back twice goes back two"),
        pytest.param("abcbd", "abd", id="after going back, a new one stands on what came back"),
        pytest.param("aabb", "ab", id="the same one once more changes nothing"),
    ],
)
def test_what_stands_below_a_deployment(deployed: str, stands: str) -> None:
    assert below(deployed) == stands


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    for command in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["config", "user.email", "operator@example.com"],
        ["config", "user.name", "Operator"],
    ):
        git(tmp_path, *command)
    (tmp_path / "samconfig.toml").write_text(
        'version = 0.1\n[default.global.parameters]\nstack_name = "s"\n'
        '[dev.global.parameters]\nstack_name = "s-dev"\n[dev.deploy.parameters]\n'
        '[prod.global.parameters]\nstack_name = "s-prod"\n[prod.deploy.parameters]\n'
    )
    commit(tmp_path, "first")
    return Repository(tmp_path)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def commit(folder: Path, message: str) -> None:
    (folder / "what.txt").write_text(message)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def test_a_dirty_tree_is_not_deployed_and_the_refusal_says_what_is_dirty(repository: Repository) -> None:
    (repository.folder / "what.txt").write_text("changed")
    (repository.folder / "new.txt").write_text("new")
    with pytest.raises(ReleaseError, match=r"Commit or take back: what\.txt, new\.txt$"):
        Releases(repository, "dev").deploy(NOW)


@pytest.mark.parametrize("environment", ["default", "nowhere", "version"])
def test_there_are_no_other_environments_than_samconfigs(repository: Repository, environment: str) -> None:
    with pytest.raises(ReleaseError, match="Choose one of: dev, prod"):
        Releases(repository, environment)


def test_a_first_deployment_has_nothing_to_go_back_to(repository: Repository) -> None:
    repository.tag("dev", repository.head(), NOW)
    with pytest.raises(ReleaseError, match="nothing to go back to"):
        Releases(repository, "dev").roll_back(None, NOW)


@pytest.mark.parametrize("name", ["nothing", "--all", ""])
def test_what_is_no_commit_is_not_gone_back_to(repository: Repository, name: str) -> None:
    with pytest.raises(ReleaseError, match="There is no commit"):
        Releases(repository, "dev").roll_back(name, NOW)


def test_what_was_deployed_elsewhere_only_is_not_gone_back_to(repository: Repository) -> None:
    first = repository.head()
    repository.tag("dev", first, NOW)
    with pytest.raises(ReleaseError, match=f"{first[:10]} was never deployed to prod. These were, newest last: none"):
        Releases(repository, "prod").roll_back("HEAD", NOW)


def test_deployments_are_known_by_their_tags_oldest_first(repository: Repository) -> None:
    first = repository.head()
    repository.tag("dev", first, NOW)
    commit(repository.folder, "second")
    tag = repository.tag("dev", repository.head(), NOW + timedelta(seconds=1))
    assert tag == f"deployed/dev/20261128T190001Z-{repository.head()[:10]}"
    assert [each.commit for each in repository.deployments("dev")] == [first, repository.head()]
    assert repository.deployments("prod") == []


def test_a_checkout_is_clean_whatever_lies_around_and_leaves_nothing(repository: Repository) -> None:
    first = repository.head()
    commit(repository.folder, "second")
    (repository.folder / "what.txt").write_text("half done")
    folder = repository.folder / ".cache/rollback/dev"

    checkout = repository.check_out(first, folder)

    assert (checkout.head(), (folder / "what.txt").read_text()) == (first, "first")
    repository.remove(folder)
    assert not folder.exists()
    repository.check_out(first, folder)


def test_a_mistake_is_told_in_one_line(repository: Repository) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "background_remover.releases", "rollback", "dev"],
        cwd=repository.folder,
        capture_output=True,
        text=True,
    )
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert outcome.stderr == "There is nothing to go back to: dev has had one commit at most.\n"

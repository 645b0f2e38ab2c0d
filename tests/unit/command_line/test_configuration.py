from pathlib import Path

import click
import pytest

from cutout import configuration
from cutout.configuration import Configuration
from cutout.errors import ConfigurationError

FULL = "https://api.example.com/live/api/background-remover"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(click, "get_app_dir", lambda name: str(tmp_path / "config" / name))
    for name in ("CUTOUT_API", "CUTOUT_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_what_is_saved_is_loaded_and_nobody_else_may_read_it() -> None:
    saved = configuration.save(Configuration(FULL, 'k"ey'))
    assert configuration.load() == Configuration(FULL, 'k"ey')
    assert saved.stat().st_mode & 0o077 == 0


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    configuration.save(Configuration(FULL, "stored"))
    monkeypatch.setenv("CUTOUT_KEY", "given")
    assert configuration.load() == Configuration(FULL, "given")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTOUT_API", FULL)
    with pytest.raises(ConfigurationError, match=r"^Missing: CUTOUT_KEY\. Say `cutout login`"):
        configuration.load()


@pytest.mark.parametrize("text", [FULL, f"{FULL}/", "https://api.example.com/live", " https://api.example.com/live/ "])
def test_the_stacks_output_will_do_for_an_address(text: str) -> None:
    assert configuration.address(text) == FULL


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="https://"):
        configuration.address("api.example.com")


def test_a_file_that_is_no_toml_is_named() -> None:
    configuration.file().parent.mkdir(parents=True)
    configuration.file().write_text("api = ")
    with pytest.raises(ConfigurationError, match=r"config\.toml cannot be read"):
        configuration.load()

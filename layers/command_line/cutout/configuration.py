"""Where the service is and which key opens it: CUTOUT_API and CUTOUT_KEY, else the file that `cutout login` writes."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click

from cutout.errors import ConfigurationError
from cutout.files import write_atomically

PREFIX = "/api/background-remover"


@dataclass(frozen=True, slots=True)
class Configuration:
    """`api` is the address below which the routes are."""

    api: str
    key: str


def file() -> Path:
    """In the user's folder for such files: ~/.config/cutout on Linux."""
    return Path(click.get_app_dir("cutout")) / "config.toml"


def load() -> Configuration:
    """Raises `ConfigurationError`."""
    stored = _stored()
    api, key = (os.environ.get(f"CUTOUT_{name.upper()}") or stored.get(name, "") for name in ("api", "key"))
    if not api or not key:
        missing = " and ".join(name for name, value in (("CUTOUT_API", api), ("CUTOUT_KEY", key)) if not value)
        raise ConfigurationError(f"Missing: {missing}. Say `cutout login` once, or set both in the environment.")
    return Configuration(address(api), key)


def save(configuration: Configuration) -> Path:
    """For its owner's eyes only."""
    file().parent.mkdir(parents=True, exist_ok=True)
    # A basic string of TOML may be written as one of JSON.
    lines = [f"{name} = {json.dumps(getattr(configuration, name))}\n" for name in ("api", "key")]
    write_atomically(file(), "".join(lines).encode(), mode=0o600)
    return file()


def address(text: str) -> str:
    """The stack's output `ApiUrl` will do, and so will the address that the docs call `API`."""
    text = text.strip().rstrip("/")
    if not text.startswith(("https://", "http://")):
        raise ConfigurationError(f"“{text}” is no address. It begins with https:// and is the stack's output ApiUrl.")
    return text if text.endswith(PREFIX) else f"{text}{PREFIX}"


def _stored() -> dict[str, str]:
    try:
        with file().open("rb") as stored:
            return {name: str(value) for name, value in tomllib.load(stored).items()}
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{file()} cannot be read: {error}") from None

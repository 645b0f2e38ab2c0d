"""What a deployment configures, read from the environment that template.yaml gives to the functions that need it.

Each raises `KeyError` for a variable that is missing: a function without its settings must not start.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self, cast

from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face.routes import Dialect, ModelRoute

_MODELS = {Model.RMBG_1_4: "HF_RMBG_1_4", Model.RMBG_2_0: "HF_RMBG_2_0"}
PARAMETERS = {Model.RMBG_1_4: "Rmbg14", Model.RMBG_2_0: "Rmbg20"}
"""How the parameters of template.yaml begin that the variables come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every function has."""

    jobs_table: str
    credits_table: str
    subscriptions_table: str
    api_keys_table: str
    bucket: str
    queue_url: str
    archive_queue_url: str
    signup_credits: int
    job_retention: timedelta
    input_retention: timedelta
    allowed_origins: list[str]
    served_models: frozenset[Model]

    @classmethod
    def from_environment(cls) -> Self:
        return cls(
            jobs_table=os.environ["JOBS_TABLE"],
            credits_table=os.environ["CREDITS_TABLE"],
            subscriptions_table=os.environ["SUBSCRIPTIONS_TABLE"],
            api_keys_table=os.environ["API_KEYS_TABLE"],
            bucket=os.environ["BUCKET"],
            queue_url=os.environ["QUEUE_URL"],
            archive_queue_url=os.environ["ARCHIVE_QUEUE_URL"],
            signup_credits=int(os.environ["SIGNUP_CREDITS"]),
            job_retention=timedelta(days=int(os.environ["JOB_RETENTION_DAYS"])),
            input_retention=timedelta(days=int(os.environ["INPUT_RETENTION_DAYS"])),
            allowed_origins=os.environ["ALLOWED_ORIGINS"].split(","),
            served_models=frozenset(Model(name) for name in os.environ["SERVED_MODELS"].split(",") if name),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HuggingFaceSettings:
    """`routes` has no entry for a model whose address is left empty."""

    token_secret: str
    routes: dict[Model, ModelRoute]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Of this process, or one that is given."""
        environment = os.environ if environment is None else environment
        return cls(
            token_secret=environment["HF_TOKEN_SECRET"],
            routes={
                model: ModelRoute(
                    url=environment[f"{name}_URL"],
                    dialect=cast(Dialect, environment[f"{name}_DIALECT"]),
                    headers=json.loads(environment[f"{name}_HEADERS"]),
                    border=int(environment[f"{name}_BORDER"]) / 100,
                    dollars=float(environment[f"{name}_DOLLARS"]),
                )
                for model, name in _MODELS.items()
                if environment[f"{name}_URL"]
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How many images of one invocation wait for Hugging Face at the same time."""

    inferences_at_once: int

    @classmethod
    def from_environment(cls) -> Self:
        return cls(inferences_at_once=int(os.environ["INFERENCES_AT_ONCE"]))

"""What a deployment configures, read from the environment that template.yaml gives to the functions that need it.

Each raises `KeyError` for a variable that is missing: a function without its settings must not start.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self, cast

from background_remover.domain.allowance import AllowancePolicy
from background_remover.domain.limits import RequestPolicy
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
    limits_table: str
    bucket: str
    queue_url: str
    archive_queue_url: str
    webhook_queue_url: str
    job_retention: timedelta
    input_retention: timedelta
    allowed_origins: list[str]
    served_models: frozenset[Model]
    request_policy: RequestPolicy
    removals_at_once: int
    allowance_policy: AllowancePolicy

    @classmethod
    def from_environment(cls) -> Self:
        return cls(
            jobs_table=os.environ["JOBS_TABLE"],
            credits_table=os.environ["CREDITS_TABLE"],
            subscriptions_table=os.environ["SUBSCRIPTIONS_TABLE"],
            api_keys_table=os.environ["API_KEYS_TABLE"],
            limits_table=os.environ["LIMITS_TABLE"],
            bucket=os.environ["BUCKET"],
            queue_url=os.environ["QUEUE_URL"],
            archive_queue_url=os.environ["ARCHIVE_QUEUE_URL"],
            webhook_queue_url=os.environ["WEBHOOK_QUEUE_URL"],
            job_retention=timedelta(days=int(os.environ["JOB_RETENTION_DAYS"])),
            input_retention=timedelta(days=int(os.environ["INPUT_RETENTION_DAYS"])),
            allowed_origins=os.environ["ALLOWED_ORIGINS"].split(","),
            served_models=frozenset(Model(name) for name in os.environ["SERVED_MODELS"].split(",") if name),
            request_policy=RequestPolicy(
                per_minute=int(os.environ["REQUESTS_PER_MINUTE"]), burst=int(os.environ["REQUEST_BURST"])
            ),
            removals_at_once=int(os.environ["REMOVALS_AT_ONCE"]),
            allowance_policy=AllowancePolicy(
                base=int(os.environ["UNCHARGED_A_DAY"]), per_hundred=int(os.environ["UNCHARGED_PER_HUNDRED"])
            ),
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
class WelcomeSettings:
    """How many credits a new user gets, and how many users a day do."""

    credits: int
    a_day: int

    @classmethod
    def from_environment(cls) -> Self:
        return cls(credits=int(os.environ["SIGNUP_CREDITS"]), a_day=int(os.environ["SIGNUPS_WITH_CREDITS_A_DAY"]))


def inferences_at_once() -> int:
    """How many images of one invocation of the worker wait for Hugging Face at the same time."""
    return int(os.environ["INFERENCES_AT_ONCE"])


def fetch_function() -> str:
    """The function that fetches images by URL."""
    return os.environ["FETCH_FUNCTION"]


def remove_version() -> str:
    """The version of the remove function that is to be tried, as its ARN."""
    return os.environ["REMOVE_VERSION"]


def removebg_sizes() -> str:
    """Which tier each of remove.bg's sizes is, as `removebg.sizes` reads it."""
    return os.environ["REMOVEBG_SIZES"]

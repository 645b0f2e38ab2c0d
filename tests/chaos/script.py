"""What happens in a run of chaos, and when: all of it from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import get_args

from background_remover.domain.tiers import TIERS
from tests.stack.hugging_face import Call, Fault, FaultKind

STARTS: tuple[Call, ...] = ("infer", "submit")
EVERY_CALL = get_args(Call)
ALWAYS = 1_000_000

AWS = {
    "dynamodb:throttled": 0.04,
    "dynamodb:conflict": 0.06,
    "dynamodb:answer_lost": 0.01,
    "s3:slow_down": 0.04,
    "s3:answer_lost": 0.01,
    "sqs:failed": 0.04,
    "sqs:answer_lost": 0.01,
    "sqs:twice": 0.15,
    "sqs:shuffled": 0.5,
    "s3_event:late": 0.3,
    "s3_event:twice": 0.15,
    "killed": 0.08,
    "killed:AuthorizeFunction": 0.03,
    "killed:OnUploadFunction": 0.04,
    "killed:ProcessImageFunction": 0.25,
    "killed:AssembleZipFunction": 0.25,
}
"""Of how many calls, messages, events and invocations it happens to."""

LONGEST_DELAY = 20.0
"""Seconds. Messages wait for Hugging Face for up to a quarter of an hour, and everything shall meet several phases."""


@dataclass(frozen=True, slots=True)
class Phase:
    """`faults` from `start` on, in seconds, until the next phase."""

    name: str
    start: float
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One request of a user's, or one file dropped. `images` in it; `broken` of these are no photos, `unsent` never
    come."""

    kind: str
    user: int
    tier: str
    images: int = 1
    broken: int = 0
    unsent: int = 0
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """`before` is ordered while the workers stand still, so that all of it is in flight at once; `meanwhile` later."""

    before: list[Order]
    meanwhile: list[Order]
    phases: list[Phase]
    seconds: float
    """until the chaos is over"""


def script(seed: int, *, users: int) -> Script:
    chance = random.Random(seed)
    phases, seconds = _phases(chance)
    tiers = list(TIERS)

    def some(kind: str, times: int, *, images: int = 1, broken: int = 0, unsent: int = 0) -> list[Order]:
        return [
            Order(kind, chance.randrange(users), chance.choice(tiers), images, broken, unsent) for _ in range(times)
        ]

    before = [
        *some("batch of uploads", 2, images=60, broken=2, unsent=2),
        *some("batch of uploads", 2, images=25),
        *some("inline batch", 2, images=10, broken=1),
        *some("upload", 29),
        *some("upload", 1, broken=1),
        *some("dropbox", 19),
        *some("dropbox", 1, broken=1),
        *some("later", 60),
    ]
    before.append(
        Order("batch of uploads", chance.randrange(users), chance.choice(tiers), images=10, is_cancelled=True)
    )
    chance.shuffle(before)
    return Script(before, some("at once", 20), phases, seconds)


def _phases(chance: random.Random) -> tuple[list[Phase], float]:
    """In any order, and in the end Hugging Face is well again while AWS is not."""
    down = [("down", 60.0, _everywhere("connection_reset"))]
    cold = _faults("cold_start", 1.0, "infer", estimated_time=60.0)
    cold_start = [
        ("cold start", 15.0, cold),
        ("cold start and 429", 30.0, cold + _storm(chance)),
        ("cold start and 402", 15.0, cold + _faults("payment_required", 1.0, "submit")),
    ]
    errors = [("500", 20.0, _everywhere("server_error", 0.2)), ("429", 10.0, _storm(chance))]
    broken = [("broken mattes", 15.0, _broken())]
    refused = [("402", 8.0, _faults("payment_required", 1.0, *STARTS))]
    in_order = [down, cold_start, errors, broken, refused]
    chance.shuffle(in_order)
    well: list[tuple[str, float, tuple[Fault, ...]]] = [("well", 30.0, ())]
    phases, start = [], 0.0
    for name, seconds, faults in (phase for some in [*in_order, well] for phase in some):
        phases.append(Phase(name, start, faults))
        start += seconds
    return phases, start


def _faults(kind: FaultKind, share: float, *calls: Call, **fields: float) -> tuple[Fault, ...]:
    return tuple(Fault(kind, times=ALWAYS, on=call, share=share, **fields) for call in calls)  # type: ignore[arg-type]  # by name


def _everywhere(kind: FaultKind, share: float = 1.0) -> tuple[Fault, ...]:
    return _faults(kind, share, *EVERY_CALL)


def _storm(chance: random.Random) -> tuple[Fault, ...]:
    return tuple(
        Fault("rate_limited", times=ALWAYS, on=call, share=0.8, retry_after=chance.randint(1, 15)) for call in STARTS
    )


def _broken() -> tuple[Fault, ...]:
    kinds: tuple[FaultKind, ...] = ("truncated_matte", "wrong_size", "not_base64", "empty_matte", "wrong_mode")
    shapes = tuple(fault for kind in kinds for fault in _faults(kind, 0.08, "infer", "result"))
    return shapes + _faults("html_200", 0.05, *EVERY_CALL)

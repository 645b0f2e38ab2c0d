"""Failures at one chosen AWS call: the process dies there, or its answer does not arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from botocore.exceptions import EndpointConnectionError
from hypothesis import strategies as st

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from tests.integration.jobs.account import Account

FOLDERS = ("inputs", "backdrops", "results", "mattes", "thumbnails", "renders", "zips")

READS = {"GetItem", "Query", "GetObject", "ListObjectsV2"}

Moment = Literal["before", "after"]
"""The call takes effect in between."""


class CrashError(BaseException):
    """The process dies: nothing that catches exceptions runs any more."""


class AnswerLostError(EndpointConnectionError):
    """boto3 gives up on a call, whether it took effect or not."""

    def __init__(self) -> None:
        super().__init__(endpoint_url="the interrupted call")


@dataclass(frozen=True, slots=True)
class Interruption:
    """At a call's `occurrence`-th time, `act` is called, which raises or lets the call go on.

    `call` is the operation's name, for `PutObject` followed by the first folder of the key.
    """

    call: str
    moment: Moment
    act: Callable[[], Any]
    occurrence: int = 1


class Interruptions:
    """Listens, inside its `with`, to all AWS calls of the account; what is armed happens once.

    `seen` counts the calls by name and moment since something was armed; `order` has their names one after the other,
    with an empty one where each `with` begins.
    """

    def __init__(self, account: Account) -> None:
        self._events = [client.meta.events for client in (account.dynamodb, account.s3, account.sqs, account.lambdas)]
        self._armed: Interruption | None = None
        self._lock = Lock()
        self.seen: Counter[tuple[str, Moment]] = Counter()
        self.order: list[str] = []

    def __enter__(self) -> Interruptions:
        self.order.append("")
        for events in self._events:
            events.register("before-call", self._before)
            events.register("after-call", self._after)
        return self

    def __exit__(self, *_: object) -> None:
        for events in self._events:
            events.unregister("before-call", self._before)
            events.unregister("after-call", self._after)

    def arm(self, interruption: Interruption) -> None:
        self._armed = interruption
        self.seen.clear()
        self.order.clear()

    def disarm(self) -> None:
        self._armed = None

    @property
    def is_armed(self) -> bool:
        return self._armed is not None

    def _before(self, model: OperationModel, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["call"] = model.name
        if model.name in ("PutObject", "CopyObject"):
            folders = urlsplit(params["url"]).path.split("/")
            context["call"] += f" {next(name for name in folders if name in FOLDERS)}"
        self._reach(context["call"], "before")

    def _after(self, context: dict[str, Any], **_: object) -> None:
        self._reach(context["call"], "after")

    def _reach(self, call: str, moment: Moment) -> None:
        with self._lock:  # The two inferences of a job call from threads of their own.
            self.seen[call, moment] += 1
            if moment == "before":
                self.order.append(call)
            armed = self._armed
            is_reached = armed and (armed.call, armed.moment, armed.occurrence) == (
                call,
                moment,
                self.seen[call, moment],
            )
            if is_reached:
                self._armed = None
        if armed and is_reached:
            outcome = armed.act()
            if isinstance(outcome, BaseException):
                raise outcome


class AtEveryCall(Interruptions):
    """Dies once at each call, so that one life has all deaths: an attempt gets one call further than the one before it.

    A call is told from others by its name and by how many came before it in the attempt. Reads of one kind in a row are
    one: between them nothing changes.
    """

    def __init__(self, account: Account, moment: Moment, death: type[BaseException]) -> None:
        super().__init__(account)
        self.died_at: set[str] = set()
        self._moment = moment
        self._death = death
        self._been: set[tuple[str, int]] = set()

    def __enter__(self) -> Interruptions:
        self._place, self._last = 0, ""
        return super().__enter__()

    def _reach(self, call: str, moment: Moment) -> None:
        with self._lock:
            if moment == "before":
                self._place += call != self._last or call not in READS
                self._last = call
            place = (call, self._place)
            if moment != self._moment or place in self._been:
                return
            self._been.add(place)
            self.died_at.add(call)
        # Parts are sent from threads of the transfer library, out of which only errors reach the function.
        raise AnswerLostError if call == "PutObject zips" else self._death()


moments: st.SearchStrategy[Moment] = st.sampled_from(["before", "after"])
occurrences = st.sampled_from([1, 1, 2])


def interruptions(calls: list[str]) -> st.SearchStrategy[Interruption | None]:
    deaths = st.sampled_from([CrashError, AnswerLostError])
    return st.none() | st.builds(Interruption, st.sampled_from(calls), moments, deaths, occurrences)


SUBMITTING = [
    *("TransactWriteItems", "TransactWriteItems", "TransactWriteItems"),  # most depends on these
    *("UpdateItem", "GetItem", "PutObject inputs", "PutObject results", "SendMessage"),
]
WORKING = ["UpdateItem", "GetItem", "GetObject", "PutObject results", "TransactWriteItems", "SendMessage"]
ERASING = ["GetItem", "TransactWriteItems", "DeleteObjects", "DeleteItem"]
GRANTING = ["GetItem", "TransactWriteItems"]

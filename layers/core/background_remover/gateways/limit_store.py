"""What a user has asked for lately: `{pk: user}` in the limits table, one write for each request that counts.

`fullAt` says when the bucket of `RequestPolicy` is full again. `place0`, `place1`, … are the places of requests that
keep a function busy, each taken until that moment at the latest, so that a crash gives its place back as well. In
milliseconds since 1970.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from background_remover.domain.request_errors import TooManyRequestsError
from background_remover.gateways.dynamodb import Item, from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from background_remover.domain.limits import RequestPolicy

RETENTION = timedelta(hours=1)
"""After a request, longer than a place may be held; what the bucket takes to be full comes on top."""

PLACE_LEASE = timedelta(seconds=30)
"""Longer than any request lives."""

_ATTEMPTS = 10
_PLACE = "place"


@dataclass(frozen=True, slots=True)
class Place:
    """The right to keep a function busy; `until` tells it from a later one of the same name."""

    user_id: str
    name: str
    until: int


@dataclass(frozen=True, slots=True)
class Spent:
    """`left` tokens are in the bucket now, which is full again in `full_in` milliseconds. `place` is None where none
    was free."""

    left: int
    full_in: int
    place: Place | None


class LimitStore:
    """`places`: how many requests of a user may keep a function busy at the same time."""

    def __init__(self, client: DynamoDBClient, *, table: str, policy: RequestPolicy, places: int) -> None:
        self._client = client
        self._table = table
        self.policy = policy
        self._places = places

    def spend(self, user_id: str, now: datetime, *, tokens: int = 1, needs_place: bool = False) -> Spent:
        """Takes tokens from the user's bucket, and a place if one is needed and free. Raises `TooManyRequestsError`.

        DynamoDB has no maximum of the stored moment and now, so the write says which of them is the later one, and is
        refused with what is there where that is wrong. Once is the rule; twice where a user is quick.
        """
        moment, seen = _milliseconds(now), Item()
        for _ in range(_ATTEMPTS):
            if wait := self.policy.wait(int(seen.get("fullAt", 0)), tokens, moment):
                raise _too_many(wait)
            place = self._free_place(user_id, seen, moment) if needs_place else None
            try:
                item = self._write(user_id, seen, moment, self.policy.cost(tokens), place)
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                seen = from_item(cast("Item", refusal.response.get("Item", {})))
            else:
                full_at = int(item["fullAt"])
                return Spent(self.policy.left(full_at, moment), full_at - moment, place)
        raise _too_many(1000)

    def leave(self, place: Place) -> None:
        """Gives the place back, unless it ran out and is somebody else's."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_item({"pk": place.user_id}),
                UpdateExpression="REMOVE #place",
                ConditionExpression="#place = :until",
                ExpressionAttributeNames={"#place": place.name},
                ExpressionAttributeValues=to_item({":until": place.until}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _free_place(self, user_id: str, seen: Item, moment: int) -> Place | None:
        """Any of them, so that requests at the same time seldom want the same one."""
        free = [name for name in map(f"{_PLACE}{{}}".format, range(self._places)) if seen.get(name, 0) <= moment]
        until = moment + int(PLACE_LEASE.total_seconds() * 1000)
        return Place(user_id, random.choice(free), until) if free else None

    def _write(self, user_id: str, seen: Item, moment: int, cost: int, place: Place | None) -> Item:
        retire_at = (moment + self.policy.window) // 1000 + int(RETENTION.total_seconds())
        values: dict[str, object] = {":now": moment, ":retire": retire_at}
        if int(seen.get("fullAt", 0)) > moment:
            sets, conditions = ["fullAt = fullAt + :cost"], ["fullAt > :now AND fullAt <= :latest"]
            values |= {":cost": cost, ":latest": moment + self.policy.window - cost}
        else:
            sets, conditions = ["fullAt = :full"], ["(attribute_not_exists(fullAt) OR fullAt <= :now)"]
            values |= {":full": moment + cost}
        names: dict[str, str] = {}
        if place:
            sets.append("#place = :until")
            conditions.append("(attribute_not_exists(#place) OR #place <= :now)")
            names, values[":until"] = {"#place": place.name}, place.until
        action: dict[str, Any] = {
            "TableName": self._table,
            "Key": to_item({"pk": user_id}),
            "UpdateExpression": f"SET retireAt = :retire, {', '.join(sets)}",
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeValues": to_item(values),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        return from_item(self._client.update_item(**action, ReturnValues="ALL_NEW")["Attributes"])


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _too_many(wait: int) -> TooManyRequestsError:
    return TooManyRequestsError(
        "You have sent too many requests in a short time. Try again after Retry-After seconds; reading with GET is not "
        "limited.",
        retry_after=wait / 1000,
    )

"""What all containers know of a model, in the jobs table: its breaker, and when its endpoint was last woken."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from background_remover.domain.breaker import Breaker
from background_remover.gateways.dynamodb import find, to_item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from background_remover.domain.tiers import Model

_WHOLE_NUMBERS = ("window_until", "answers", "failures", "until", "vain")


class ModelStates:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def breaker(self, model: Model) -> tuple[Breaker, int]:
        """With its version, which `replace_breaker` asks for."""
        item = find(self._client, table=self._table, partition=_partition(model), sort_key="breaker")
        if item is None:
            return Breaker(), 0
        stored = item["breaker"]
        numbers = {name: int(stored[name]) for name in _WHOLE_NUMBERS}
        breaker = Breaker(**numbers, cause=stored.get("cause"), prober=stored.get("prober"))
        return breaker, int(item["version"])

    def replace_breaker(self, model: Model, breaker: Breaker, *, version: int) -> bool:
        """Whether it was written; not where somebody has written since that version was read."""
        stored = {name: value for name, value in asdict(breaker).items() if value is not None}
        return self._write(
            model,
            "breaker",
            "SET breaker = :breaker, version = :next",
            condition="attribute_not_exists(pk) OR version = :version",
            values={":breaker": stored, ":next": version + 1, ":version": version},
        )

    def take_wake(self, model: Model, now: int, *, pause: int) -> bool:
        """Whether the caller is the one to wake the model's endpoint: within `pause` seconds there is only one."""
        return self._write(
            model,
            "wake",
            "SET wokenAt = :now",
            condition="attribute_not_exists(pk) OR wokenAt <= :earlier",
            values={":now": now, ":earlier": now - pause},
        )

    def _write(
        self, model: Model, sort_key: str, expression: str, *, condition: str, values: Mapping[str, object]
    ) -> bool:
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_item({"pk": _partition(model), "sk": sort_key}),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=to_item(values),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _partition(model: Model) -> str:
    return f"model#{model}"

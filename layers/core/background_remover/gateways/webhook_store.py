"""Webhooks in the jobs table, so that the transaction that ends a job writes what its webhooks are told of it too.

`{pk: "webhooks#<user>", sk: "webhooks", ids, <id>: {url, secret, …}, …}` has all webhooks of a user: who ends a job
reads one item, and writes none where there is no webhook.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.account_errors import TooManyWebhooksError, WebhookNotFoundError
from background_remover.domain.webhooks import MOST_WEBHOOKS, OVERLAP, Webhook
from background_remover.gateways.dynamodb import Item, find, instant, instant_of, to_item, update_if

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

PARTITION = "webhooks#"

_SK = "webhooks"


class WebhookStore:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def add(self, webhook: Webhook) -> None:
        """Raises `TooManyWebhooksError`."""
        new = {"url": webhook.url, "secret": webhook.secret, "createdAt": instant(webhook.created_at)}
        added = self._change(
            webhook.user_id,
            "SET #id = :new ADD ids :ids",
            condition="attribute_exists(#id) OR attribute_not_exists(ids) OR size(ids) < :most",
            webhook_id=webhook.webhook_id,
            values={":new": new, ":ids": {webhook.webhook_id}, ":most": MOST_WEBHOOKS},
        )
        if not added:
            raise TooManyWebhooksError(f"You have {MOST_WEBHOOKS} webhooks, the most there may be. Delete one first.")

    def of_user(self, user_id: str) -> list[Webhook]:
        """Oldest first."""
        item = find(self._client, table=self._table, partition=PARTITION + user_id, sort_key=_SK) or {}
        return [_webhook(user_id, webhook_id, item[webhook_id]) for webhook_id in sorted(item.get("ids", ()))]

    def get(self, user_id: str, webhook_id: str) -> Webhook:
        """Raises `WebhookNotFoundError`."""
        for webhook in self.of_user(user_id):
            if webhook.webhook_id == webhook_id:
                return webhook
        raise WebhookNotFoundError("You have no such webhook.")

    def remove(self, webhook: Webhook) -> None:
        """What is on its way to it is given up when it is next looked at. A repeat changes nothing."""
        self._change(
            webhook.user_id,
            "REMOVE #id DELETE ids :ids",
            condition="attribute_exists(#id)",
            webhook_id=webhook.webhook_id,
            values={":ids": {webhook.webhook_id}},
        )

    def replace_secret(self, webhook: Webhook, secret: str, now: datetime) -> None:
        """The one before it signs for a while longer. Raises `WebhookNotFoundError`."""
        replaced = self._change(
            webhook.user_id,
            "SET #id.oldSecret = #id.secret, #id.secret = :secret, #id.overlapUntil = :until",
            condition="attribute_exists(#id)",
            webhook_id=webhook.webhook_id,
            values={":secret": secret, ":until": instant(now + OVERLAP)},
        )
        if not replaced:
            raise WebhookNotFoundError("You have no such webhook.")

    def note_success(self, webhook: Webhook) -> None:
        """It works, also if it was disabled."""
        self._change(
            webhook.user_id,
            "REMOVE #id.failingSince, #id.disabledAt, #id.isGone",
            condition="attribute_exists(#id)",
            webhook_id=webhook.webhook_id,
        )

    def note_failure(self, webhook: Webhook, now: datetime) -> None:
        self._change(
            webhook.user_id,
            "SET #id.failingSince = :now",
            condition="attribute_exists(#id) AND attribute_not_exists(#id.failingSince)",
            webhook_id=webhook.webhook_id,
            values={":now": instant(now)},
        )

    def disable(self, webhook: Webhook, now: datetime) -> bool:
        """Whether it was the caller who did it: it still fails as it did when `webhook` was read."""
        if webhook.failing_since is None:
            return False
        return self._change(
            webhook.user_id,
            "SET #id.disabledAt = :now",
            condition="#id.failingSince = :since AND attribute_not_exists(#id.disabledAt)",
            webhook_id=webhook.webhook_id,
            values={":now": instant(now), ":since": instant(webhook.failing_since)},
        )

    def disable_gone(self, webhook: Webhook, now: datetime) -> bool:
        """Whether it was the caller who did it: it was enabled."""
        return self._change(
            webhook.user_id,
            "SET #id.disabledAt = :now, #id.isGone = :true",
            condition="attribute_exists(#id) AND attribute_not_exists(#id.disabledAt)",
            webhook_id=webhook.webhook_id,
            values={":now": instant(now), ":true": True},
        )

    def _change(
        self,
        user_id: str,
        expression: str,
        *,
        condition: str,
        webhook_id: str,
        values: Mapping[str, object] | None = None,
    ) -> bool:
        action: UpdateTypeDef = {
            "TableName": self._table,
            "Key": to_item({"pk": PARTITION + user_id, "sk": _SK}),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#id": webhook_id},
        }
        if values:
            action["ExpressionAttributeValues"] = to_item(values)
        return update_if(self._client, action)


def _webhook(user_id: str, webhook_id: str, item: Item) -> Webhook:
    return Webhook(
        user_id=user_id,
        webhook_id=webhook_id,
        url=item["url"],
        secret=item["secret"],
        created_at=datetime.fromisoformat(item["createdAt"]),
        old_secret=item.get("oldSecret"),
        overlap_until=instant_of(item, "overlapUntil"),
        failing_since=instant_of(item, "failingSince"),
        disabled_at=instant_of(item, "disabledAt"),
        is_gone=item.get("isGone", False),
    )

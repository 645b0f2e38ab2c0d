"""A public internet for the deployment: what its functions are sent to is fetched by `fetch_image`'s own code.

The test's are only whom a name belongs to, where a connection ends, whom the client trusts, and the bucket's address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import boto3

from tests.contract.deployment import BUCKET, Deployment
from tests.integration.fetching.bucket import Bucket
from tests.integration.fetching.function import fetch_image
from tests.integration.fetching.web import Web


@contextmanager
def internet(deployment: Deployment, web: Web) -> Iterator[list[dict[str, Any]]]:
    """The orders that the function gets meanwhile."""
    orders: list[dict[str, Any]] = []

    def invoked(order: dict[str, Any]) -> dict[str, Any]:
        orders.append(order)
        signed = urlsplit(order["storeAt"])
        outcome = fetch_image(web, order["url"], f"{bucket.origin}{signed.path}?{signed.query}")
        for link, (content_type, content) in bucket.stored.items():
            key = urlsplit(link).path.removeprefix(f"/{BUCKET}").removeprefix("/")
            boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content, ContentType=content_type)
        return {"Payload": outcome}

    with Bucket().serving() as bucket, web.serving(), deployment.versions(invoked):
        yield orders

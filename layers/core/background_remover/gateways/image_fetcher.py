"""Images by URL, fetched by a function of its own: who goes where a user sends us has no rights of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from background_remover.domain import image_errors

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from background_remover.gateways.object_store import ObjectStore

_REFUSALS = {
    error.code: error
    for error in (
        image_errors.ImageUrlRefusedError,
        image_errors.ImageNotFetchedError,
        image_errors.ImageTooLargeError,
        image_errors.EmptyImageError,
    )
}


class FetcherUnavailableError(Exception):
    """The function was busy or failed, which says nothing of the URL: try again later."""


class ImageFetcher:
    """Safe to share between threads."""

    def __init__(self, client: LambdaClient, objects: ObjectStore, *, function: str) -> None:
        self._client = client
        self._objects = objects
        self._function = function

    def fetch(self, url: str, *, key: str) -> int:
        """Stores the file at this URL under the key of the bucket, and returns its bytes; ten seconds at most, and
        what storing takes. Nobody has looked yet whether it is an image.

        Raises `ImageUrlRefusedError`, `ImageNotFetchedError`, `ImageTooLargeError` and `EmptyImageError`; then
        nothing is stored. Raises `FetcherUnavailableError`, after which it may be stored all the same.
        """
        order = {"url": url, "storeAt": self._objects.put_link(key)}
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=json.dumps(order).encode())
            outcome = json.loads(answer["Payload"].read())
        except (BotoCoreError, ClientError) as error:
            raise FetcherUnavailableError(type(error).__name__) from error
        if "FunctionError" in answer:
            raise FetcherUnavailableError("The function failed; its log says why.")
        if refusal := outcome.get("code"):
            raise _REFUSALS[refusal](outcome["detail"], **outcome["members"])
        return int(outcome["size"])

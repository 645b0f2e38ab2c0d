"""Goes where a user's URL leads, and stores the file where its caller signed for. It may do nothing else."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import urllib3

from background_remover.domain.jobs import UNKNOWN_TYPE
from background_remover.gateways.image_download import download
from background_remover.gateways.public_https import PublicHttps
from background_remover.observability import logger, metrics
from background_remover.use_cases.fetch_image import fetch_image

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

https = PublicHttps()
bucket = urllib3.PoolManager(timeout=urllib3.Timeout(connect=1, read=4), retries=False)


def store(link: str, content: bytes) -> None:
    """Raises for any answer but S3's yes: whoever works on the job tries again."""
    answer = bucket.request("PUT", link, body=content, headers={"Content-Type": UNKNOWN_TYPE})
    if answer.status != HTTPStatus.OK:
        raise RuntimeError(f"The bucket answers with status {answer.status}.")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return fetch_image(event, download=partial(download, https), store=store)

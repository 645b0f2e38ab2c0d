"""Before a new version meets callers: one drawn photo through it, as API Gateway would send one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from background_remover.domain.credits import bonus
from background_remover.domain.identity import SMOKE_TEST_USER
from background_remover.domain.tiers import TIERS, Model
from background_remover.http.api import PREFIX
from background_remover.verification import ENOUGH, agreement_of, drawn_photo

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from background_remover.gateways.credit_ledger import CreditLedger

TRIES = 3
"""An endpoint that sleeps, or a provider that is slow, delivers at the second or third."""


class SmokeTestError(Exception):
    """The message says what came instead of a cut-out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTest:
    """`version` is the ARN of the published version of the remove function; `served` are the models that have a URL."""

    lambdas: LambdaClient
    version: str
    ledger: CreditLedger
    served: Collection[Model]
    clock: Callable[[], datetime]

    def __call__(self, test_id: str) -> None:
        """Raises `SmokeTestError`, and what AWS's client raises. The user is given what it lacks for each photo."""
        tier = TIERS["standard" if TIERS["standard"].model in self.served else "basic"]
        photo, subject = drawn_photo()
        for attempt in range(1, TRIES + 1):
            reference = f"smoke-test-{test_id}-{attempt}"
            self._afford(tier.credits, reference)
            answer = self._answer(_request(photo, tier.name, reference))
            if answer.get("statusCode") != HTTPStatus.ACCEPTED:
                _require_cut_out(answer, subject)
                return
        raise SmokeTestError(f"Hugging Face did not deliver a photo in time, {TRIES} times in a row.")

    def _afford(self, credits: int, reference: str) -> None:
        # What a version that failed was given and never took is still there.
        now = self.clock()
        if (lacking := credits - self.ledger.balance(SMOKE_TEST_USER, now).available) > 0:
            self.ledger.grant(SMOKE_TEST_USER, bonus(lacking), reference=reference, now=now)

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        invocation = self.lambdas.invoke(FunctionName=self.version, Payload=json.dumps(request))
        text = invocation["Payload"].read().decode()
        if "FunctionError" in invocation:
            raise SmokeTestError(f"The function failed: {text}")
        answer: dict[str, Any] = json.loads(text)
        return answer


def _request(photo: bytes, tier: str, request_id: str) -> dict[str, Any]:
    """An event of API Gateway, with what our functions read of one. No earlier result is wanted.

    But a hook that is called once more gets the same job: what it was given for it is spent.
    """
    headers = {"Content-Type": "image/png", "Accept": "image/png", "Cache-Control": "no-cache"}
    headers["Idempotency-Key"] = request_id
    return {
        "resource": f"{PREFIX}/remove",
        "path": f"{PREFIX}/remove",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {"tier": tier},
        "multiValueQueryStringParameters": {"tier": [tier]},
        "pathParameters": None,
        "requestContext": {"requestId": request_id, "authorizer": {"userId": SMOKE_TEST_USER}},
        "body": base64.b64encode(photo).decode(),
        "isBase64Encoded": True,
    }


def _require_cut_out(answer: dict[str, Any], subject: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    if answer.get("statusCode") != HTTPStatus.OK or not answer.get("isBase64Encoded"):
        raise SmokeTestError(f"It answered {answer.get('statusCode')}: {str(answer.get('body'))[:500]}")
    with Image.open(BytesIO(base64.b64decode(answer["body"]))) as cut_out:
        alpha = np.asarray(cut_out.convert("RGBA").getchannel("A"))
    if alpha.shape != subject.shape:
        raise SmokeTestError(f"The cut-out is {alpha.shape[1]} x {alpha.shape[0]}, the photo was not.")
    if (agreement := agreement_of(alpha, subject)) < ENOUGH:
        raise SmokeTestError(f"The cut-out agrees with the subject to {agreement:.0%} only.")

"""`POST /v1.0/removebg` and `GET /v1.0/account`: remove.bg's API, for the tools that speak it.

It answers as remove.bg does whoever has no key, too; so no authorizer is asked before it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from background_remover import clients, deployment
from background_remover.authorizer_settings import AuthorizerSettings
from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.image_errors import ImageNotFetchedError
from background_remover.gateways.api_keys import ApiKeys
from background_remover.gateways.image_fetcher import FetcherUnavailableError
from background_remover.gateways.object_store import background_key
from background_remover.http.api import Api
from background_remover.http.messages import Request, Response
from background_remover.observability import logger
from background_remover.removebg.refusals import answer_to, refusal
from background_remover.removebg.routes import XRateLimits, guarded
from background_remover.removebg.sizes import tiers_of_sizes
from background_remover.settings import removebg_sizes
from background_remover.use_cases.authenticate import Authenticate
from background_remover.use_cases.use_api_key import use_api_key

if TYPE_CHECKING:
    from background_remover.domain.jobs import Job
    from background_remover.domain.public_url import PublicUrl
    from background_remover.removebg.translation import Translation

PIXEL_SECONDS = 12.0
"""As of POST /remove, and what packing the result anew takes."""

RETRY_AFTER_CROWD = 5.0
RETRY_AFTER_COLD = "60"

identities = AuthorizerSettings.from_environment()
tiers = tiers_of_sizes(removebg_sizes())


def owner_of_key(key: str) -> str | None:
    def hurried() -> ApiKeys:
        return ApiKeys(clients.hurried_dynamodb(), table=identities.api_keys_table)

    return use_api_key(deployment.api_keys(), key, datetime.now(UTC), uses=hurried)


authenticate = Authenticate(
    issuer=identities.issuer,
    audiences=identities.audiences,
    jwks_url=identities.jwks_url,
    owner_of_key=owner_of_key,
)


def remove_background(request: Request) -> Response:
    from background_remover.removebg.answers import answer_with
    from background_remover.removebg.body import read_body
    from background_remover.removebg.parameters import asked_for
    from background_remover.removebg.translation import backdrop_of, translations

    if request.has_no_place:
        detail = "You are already waiting for as many images as you may at once."
        return answer_to("too_many_requests", detail, retry_after=RETRY_AFTER_CROWD)
    asked = asked_for(read_body(request))
    backdrop = backdrop_of(asked, lambda url: fetched(request, url))
    job, translation = first_affordable(request, translations(request, asked, backdrop, tiers))
    logger.append_keys(job_id=job.job_id)
    if job.failure:
        return answer_to(job.failure.code, f"{job.failure.detail} Nothing was charged.")
    if not job.result:
        return refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "still_processing",
            "The image takes longer than this request may.",
            f"It is worked on as job {job.job_id}. Send the same image again in a minute or more: once the job is done "
            "it is answered at once and not charged again. Until then it would be another job.",
            {"Retry-After": RETRY_AFTER_COLD},
        )
    return answer_with(request, asked, job, translation.packing, deployment.objects())


def fetched(request: Request, url: PublicUrl) -> bytes:
    """A background image, kept as long as photos are. Raises `ImageError`."""
    key = background_key(request.user_id, str(url))
    try:
        deployment.image_fetcher().fetch(str(url), key=key)
    except FetcherUnavailableError:
        raise ImageNotFetchedError("Nothing could be fetched just now. Try again.") from None
    return deployment.objects().get(key) or b""


def first_affordable(request: Request, wanted: list[Translation]) -> tuple[Job, Translation]:
    """Raises `InsufficientCreditsError` where none is, and what refuses the photo."""
    *dearer, last = wanted
    for translation in dearer:
        try:
            return remove(request, translation), translation
        except InsufficientCreditsError:
            continue
    return remove(request, last), last


def remove(request: Request, translation: Translation) -> Job:
    # As in POST /remove: Pillow, numpy, requests and the clients are loaded with the first image.
    from background_remover.removals import remove_photo

    return remove_photo()(translation.removal, lambda: request.remaining_seconds() - PIXEL_SECONDS)


def show_account(request: Request) -> Response:
    available = deployment.ledger().balance(request.user_id, datetime.now(UTC)).available
    attributes = {
        "credits": {"total": available, "subscription": 0, "payg": available, "enterprise": 0},
        "api": {"free_calls": 0, "sizes": "all"},
    }
    return Response(HTTPStatus.OK, {"data": {"attributes": attributes}})


limits = XRateLimits(deployment.limits(), keeps_busy=True)
api = Api(
    {
        "POST /v1.0/removebg": guarded(remove_background, authenticate=authenticate, limits=limits),
        "GET /v1.0/account": guarded(show_account, authenticate=authenticate, limits=limits),
    },
    allowed_origins=deployment.settings().allowed_origins,
)
handler = api.handler

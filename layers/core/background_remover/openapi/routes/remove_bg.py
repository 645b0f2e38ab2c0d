"""remove.bg's API, for the tools that speak it."""

from http import HTTPStatus

from background_remover.openapi import examples
from background_remover.openapi.description import (
    LOCATION,
    TEXT,
    Answer,
    Binary,
    Form,
    Header,
    Json,
    Route,
    Tag,
)
from background_remover.removebg.contract import (
    RemoveBgAccount,
    RemoveBgErrors,
    RemoveBgFields,
    RemoveBgJson,
    RemoveBgResult,
)

_NUMBERS = {
    "X-Credits-Charged": "In credits of this deployment.",
    "X-Width": "Of the result, in pixels.",
    "X-Height": "Of the result, in pixels.",
    "X-Foreground-Top": "Of the subject in the result, in pixels.",
    "X-Foreground-Left": "Of the subject in the result, in pixels.",
    "X-Foreground-Width": "Of the subject in the result, in pixels.",
    "X-Foreground-Height": "Of the subject in the result, in pixels.",
}
_RATE_LIMIT = {
    "X-RateLimit-Limit": "How many requests you may make at once.",
    "X-RateLimit-Remaining": "How many are left.",
    "X-RateLimit-Reset": "When all are there again, in seconds since 1970.",
}


def _numbers(described: dict[str, str]) -> tuple[Header, ...]:
    return tuple(Header(name, text, {"type": "integer"}, is_always_there=False) for name, text in described.items())


_RESULT_HEADERS = (
    *_numbers(_NUMBERS),
    *_numbers(_RATE_LIMIT),
    Header("X-Type", "Always `other`: nobody looks at what the subject is.", {"const": "other"}, is_always_there=False),
    Header("X-Without-Effect", "Parameters that were taken and did nothing.", TEXT, is_always_there=False),
)
_SOME_RETRY_AFTER = Header("Retry-After", "In seconds.", {"type": "integer"}, is_always_there=False)


def _refused(what: str, title: str, code: str) -> Answer:
    example = {code: {"errors": [{"title": title, "code": code}]}}
    headers = (*_numbers(_RATE_LIMIT), _SOME_RETRY_AFTER)
    return Answer(what, {"application/json": Json(RemoveBgErrors, example)}, headers)


_OF_ALL = {
    HTTPStatus.FORBIDDEN: _refused("There is no key, or nobody knows it.", "Authentication failed", "auth_failed"),
    HTTPStatus.INTERNAL_SERVER_ERROR: _refused(
        "Something went wrong on our side.", "Something went wrong on our side.", "internal_error"
    ),
}
_RESULT = {
    "data": {
        "result_b64": examples.TINY_PHOTO,
        "foreground_top": 0,
        "foreground_left": 0,
        "foreground_width": 1,
        "foreground_height": 1,
    }
}

ROUTES = (
    Route(
        route="POST /v1.0/removebg",
        name="removeBgRemove",
        tag=Tag.REMOVE_BG,
        summary="Cut one image out, as remove.bg does",
        description="For tools that speak remove.bg's API: the same parameters, headers and errors. With "
        "`Accept: application/json` the file is in the answer in base64. A photo has at most 4.4 MB in a form, "
        "3.3 MB as base64, and 10 MB by `image_url`.",
        security=({"removeBgKey": []}, {"bearer": []}),
        needs_token=False,
        bodies={
            "multipart/form-data": Form(
                RemoveBgFields,
                "image_file",
                {"image_file": examples.FILE, "size": "auto"},
                beside={"bg_image_file": "Behind the subject, centred and scaled to fill the frame."},
            ),
            "application/json": Json(
                RemoveBgJson, {"a photo in base64": {"image_file_b64": examples.TINY_PHOTO, "size": "auto"}}
            ),
            "application/x-www-form-urlencoded": Json(
                RemoveBgJson, {"a photo in base64": {"image_file_b64": examples.TINY_PHOTO, "size": "auto"}}
            ),
        },
        answers={
            HTTPStatus.OK: Answer(
                "The file, or the JSON with the file in it.",
                {
                    "application/json": Json(RemoveBgResult, {"a result": _RESULT}),
                    **{kind: Binary() for kind in ("image/png", "image/jpeg", "application/zip")},
                },
                _RESULT_HEADERS,
            ),
            HTTPStatus.SEE_OTHER: Answer(
                "The same, where it is too large for an answer: it is at `Location`.",
                _refused("", "The result is too large for an answer.", "result_too_large").content,
                (LOCATION, *_RESULT_HEADERS),
            ),
            HTTPStatus.BAD_REQUEST: _refused(
                "A parameter or the image is at fault.", "Invalid bg_color parameter given", "invalid_bg_color"
            ),
            HTTPStatus.PAYMENT_REQUIRED: _refused(
                "The credits do not pay for it.", "Insufficient credits", "insufficient_credits"
            ),
            HTTPStatus.NOT_ACCEPTABLE: Answer(
                "The result is too large for JSON.",
                _refused("", "The result is too large for an answer.", "result_too_large").content,
                _RESULT_HEADERS,
            ),
            HTTPStatus.TOO_MANY_REQUESTS: _refused("Too many requests.", "Rate limit exceeded", "rate_limit_exceeded"),
            HTTPStatus.BAD_GATEWAY: _refused("The model's answer is broken.", "Bad Gateway", "invalid_matte"),
            HTTPStatus.SERVICE_UNAVAILABLE: _refused(
                "Hugging Face is cold or slow. A worker goes on; once it is done, the same image again is answered at "
                "once.",
                "The image takes longer than this request may.",
                "still_processing",
            ),
            **_OF_ALL,
        },
    ),
    Route(
        route="GET /v1.0/account",
        name="removeBgAccount",
        tag=Tag.REMOVE_BG,
        summary="Your credits, as remove.bg tells them",
        security=({"removeBgKey": []}, {"bearer": []}),
        needs_token=False,
        answers={
            HTTPStatus.OK: Answer(
                "The account.",
                {
                    "application/json": Json(
                        RemoveBgAccount,
                        {
                            "an account": {
                                "data": {
                                    "attributes": {
                                        "credits": {"total": 200, "subscription": 0, "payg": 200, "enterprise": 0},
                                        "api": {"free_calls": 0, "sizes": "all"},
                                    }
                                }
                            }
                        },
                    )
                },
            ),
            **_OF_ALL,
        },
    ),
)

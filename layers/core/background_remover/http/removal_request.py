"""`POST /remove` as it arrives: multipart, a raw image, or JSON with base64, a URL, or the id of an upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import multipart

from background_remover.domain.image_errors import ImageTooLargeError, MissingImageError
from background_remover.domain.jobs import UNKNOWN_TYPE, PhotoType
from background_remover.domain.public_url import PublicUrl
from background_remover.domain.request_errors import InvalidParameterError, UnsupportedMediaTypeError
from background_remover.domain.tiers import TIERS
from background_remover.http.forms import read_form
from background_remover.http.headers import asks_anew, idempotency_key
from background_remover.http.image_answer import accepted_format
from background_remover.http.messages import LARGEST_AS_BASE64, LARGEST_BINARY, decode_base64
from background_remover.http.requests import RemovalFields, RemovalJson, UploadedJson, UrlJson
from background_remover.http.validation import json_object, validated, validated_json
from background_remover.use_cases.remove_by_url import UrlRemoval
from background_remover.use_cases.remove_image import Removal
from background_remover.use_cases.remove_uploaded import UploadedRemoval

if TYPE_CHECKING:
    from background_remover.domain.jobs import OutputFormat
    from background_remover.http.messages import Request


_Sent = tuple[bytes, RemovalFields, bytes | None]
"""The photo, the fields beside it, and the background image."""


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """`accepted`: the caller's Accept header asks for the image itself in this format, not for the job."""

    wanted: Removal | UploadedRemoval | UrlRemoval
    accepted: OutputFormat | None


def read(request: Request) -> RemovalRequest:
    """Raises a `DomainError` that says what is wrong with the request."""
    accepted = accepted_format(request)
    respond_async = request.responds_async
    key = idempotency_key(request.headers)
    source = _image_and_fields(request)
    if isinstance(source, UploadedJson):
        uploaded = UploadedRemoval(request.user_id, source.upload_id, accepted, respond_async=respond_async)
        return RemovalRequest(uploaded, accepted)
    if isinstance(source, UrlJson):
        behind = _decoded(source.background_image)
        by_url = UrlRemoval(
            user_id=request.user_id,
            tier=TIERS[source.tier],
            url=source.image_url,
            options=source.options(TIERS[source.tier], accepted, background_image=behind),
            background_image=behind,
            file_name=source.file_name or PublicUrl.parse(source.image_url).file_name,
            idempotency_key=key,
            respond_async=respond_async,
            anew=asks_anew(request.headers),
        )
        return RemovalRequest(by_url, accepted)
    content, fields, background_image = source
    if len(content) > LARGEST_BINARY:
        raise ImageTooLargeError(
            f"Send an image of at most {LARGEST_BINARY / 1e6} MB here ({LARGEST_AS_BASE64 / 1e6} MB as base64), "
            "a larger one (up to 10 MB) with POST uploads.",
            limit=LARGEST_BINARY,
        )
    removal = Removal(
        user_id=request.user_id,
        tier=TIERS[fields.tier],
        content=content,
        options=fields.options(TIERS[fields.tier], accepted, background_image=background_image),
        background_image=background_image,
        file_name=fields.file_name,
        idempotency_key=key,
        respond_async=respond_async,
        anew=asks_anew(request.headers),
    )
    return RemovalRequest(removal, accepted)


def _image_and_fields(request: Request) -> _Sent | UploadedJson | UrlJson:
    content_type, parameters = multipart.parse_options_header(request.headers.get("content-type", ""))
    if content_type == "multipart/form-data":
        return _without_query(request, _from_multipart(request.body(), parameters.get("boundary", "")))
    if content_type == "application/json":
        return _without_query(request, _from_json(request.body()))
    if content_type.startswith("image/") or content_type == UNKNOWN_TYPE:
        if not (body := request.body()):
            raise MissingImageError("The body is empty. Send the image as the body.")
        if not request.is_binary:
            # API Gateway handed it over as text, which no image survives.
            raise UnsupportedMediaTypeError(f"Send the image as {', '.join((*get_args(PhotoType), UNKNOWN_TYPE))}.")
        return body, validated(RemovalFields, request.query), None
    raise UnsupportedMediaTypeError(
        "Send multipart/form-data with the fields image and tier, an image as the body with ?tier=, "
        "or application/json with image in base64, imageUrl, or uploadId."
    )


def _without_query[Source](request: Request, source: Source) -> Source:
    """What a form or JSON has in it is not asked for in the query as well."""
    if request.query:
        raise InvalidParameterError(
            "Fields are in the query only where the body is an image. Put them into the form or JSON.",
            errors=[{"field": name, "message": "belongs into the body"} for name in request.query],
        )
    return source


def _from_multipart(body: bytes, boundary: str) -> _Sent:
    form = read_form(body, boundary, files="image", background="backgroundImage")
    if not form.files:
        raise MissingImageError("The form has no field “image”. Send the photo in one of that name.")
    if len(form.files) > 1:
        raise InvalidParameterError(
            "The form has more than one field “image”: send one image, or a batch.",
            errors=[{"field": "image", "message": "comes more than once"}],
        )
    (image,) = form.files
    values = dict(form.values)
    if image.name:
        values.setdefault("fileName", image.name)
    return image.content, validated(RemovalFields, values), form.background.content if form.background else None


def _from_json(body: bytes) -> _Sent | UploadedJson | UrlJson:
    values = json_object(body)
    if "uploadId" in values:
        return validated_json(UploadedJson, values)
    if "imageUrl" in values:
        return validated_json(UrlJson, values)
    if "image" not in values:
        raise MissingImageError(
            "The JSON has none of “image”, “imageUrl” and “uploadId”. Send the photo as base64 in “image”."
        )
    fields = validated_json(RemovalJson, values)
    return decode_base64(fields.image), fields, _decoded(fields.background_image)


def _decoded(text: str | None) -> bytes | None:
    return None if text is None else decode_base64(text)

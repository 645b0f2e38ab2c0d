"""`POST /remove` as it arrives: multipart, a raw image, or JSON with the image in base64 or the id of an upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import multipart

from background_remover.domain.errors import (
    ImageTooLargeError,
    InvalidParameterError,
    MissingImageError,
    UnsupportedMediaTypeError,
)
from background_remover.domain.jobs import UNKNOWN_TYPE, PhotoType
from background_remover.domain.tiers import TIERS
from background_remover.http.forms import read_form
from background_remover.http.image_answer import accepted_format
from background_remover.http.messages import LARGEST_BINARY, decode_base64
from background_remover.http.requests import (
    RemovalFields,
    RemovalJson,
    UploadedJson,
    idempotency_key,
    json_object,
    validated,
    validated_json,
)
from background_remover.use_cases.remove_image import Removal
from background_remover.use_cases.remove_uploaded import UploadedRemoval

if TYPE_CHECKING:
    from background_remover.domain.jobs import OutputFormat
    from background_remover.http.messages import Request


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """`accepted`: the caller's Accept header asks for the image itself in this format, not for the job."""

    wanted: Removal | UploadedRemoval
    accepted: OutputFormat | None


def read(request: Request) -> RemovalRequest:
    """Raises a `DomainError` that says what is wrong with the request."""
    accepted = accepted_format(request)
    respond_async = "respond-async" in _preferences(request)
    key = idempotency_key(request.headers)
    source = _image_and_fields(request)
    if isinstance(source, UploadedJson):
        uploaded = UploadedRemoval(request.user_id, source.upload_id, accepted, respond_async=respond_async)
        return RemovalRequest(uploaded, accepted)
    content, fields = source
    if len(content) > LARGEST_BINARY:
        raise ImageTooLargeError(
            f"Send an image of at most {LARGEST_BINARY / 1e6} MB here, a larger one (up to 10 MB) with POST uploads.",
            limit=LARGEST_BINARY,
        )
    removal = Removal(
        user_id=request.user_id,
        tier=TIERS[fields.tier],
        content=content,
        options=fields.options(TIERS[fields.tier], accepted),
        file_name=fields.file_name,
        idempotency_key=key,
        respond_async=respond_async,
    )
    return RemovalRequest(removal, accepted)


def _image_and_fields(request: Request) -> tuple[bytes, RemovalFields] | UploadedJson:
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
        return body, validated(RemovalFields, request.query)
    raise UnsupportedMediaTypeError(
        "Send multipart/form-data with the fields image and tier, an image as the body with ?tier=, "
        "or application/json with image in base64, or with uploadId."
    )


def _without_query[Source](request: Request, source: Source) -> Source:
    """What a form or JSON has in it is not asked for in the query as well."""
    if request.query:
        raise InvalidParameterError(
            "Fields are in the query only where the body is an image. Put them into the form or JSON.",
            errors=[{"field": name, "message": "belongs into the body"} for name in request.query],
        )
    return source


def _from_multipart(body: bytes, boundary: str) -> tuple[bytes, RemovalFields]:
    form = read_form(body, boundary, files="image")
    if not form.files:
        raise MissingImageError("The form has no field “image”.")
    if len(form.files) > 1:
        raise InvalidParameterError(
            "The form has more than one field “image”: send one image, or a batch.",
            errors=[{"field": "image", "message": "comes more than once"}],
        )
    (image,) = form.files
    values = dict(form.values)
    if image.name:
        values.setdefault("fileName", image.name)
    return image.content, validated(RemovalFields, values)


def _from_json(body: bytes) -> tuple[bytes, RemovalFields] | UploadedJson:
    values = json_object(body)
    if "uploadId" in values:
        return validated_json(UploadedJson, values)
    if "image" not in values:
        raise MissingImageError("The JSON has neither a field “image” nor “uploadId”.")
    fields = validated_json(RemovalJson, values)
    return decode_base64(fields.image), fields


def _preferences(request: Request) -> set[str]:
    """RFC 7240, without parameters, which none of ours has."""
    return {preference.strip().lower() for preference in request.headers.get("prefer", "").split(",")}

"""`POST /batch` as it arrives: a manifest of files to be uploaded or fetched, or multipart with the files inline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import multipart

from background_remover.domain.image_errors import ImageTooLargeError, MissingImageError
from background_remover.domain.jobs import LARGEST_UPLOAD, LONGEST_FILE_NAME, UNKNOWN_TYPE, Source, announced_type
from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.domain.public_url import PublicUrl
from background_remover.domain.request_errors import ImageCountError, UnsupportedMediaTypeError
from background_remover.domain.tiers import TIERS
from background_remover.http.forms import read_form
from background_remover.http.headers import asks_anew, idempotency_key
from background_remover.http.requests import ImageFields, Manifest, ManifestFile, ManifestUrl
from background_remover.http.validation import json_object, validated, validated_json
from background_remover.use_cases.create_batch import BatchFile, BatchRequest

if TYPE_CHECKING:
    from background_remover.http.messages import Request


def read(request: Request) -> BatchRequest:
    """Raises a `DomainError` that says what is wrong with the request."""
    content_type, parameters = multipart.parse_options_header(request.headers.get("content-type", ""))
    if content_type == "application/json":
        fields, files = _from_manifest(request.body())
    elif content_type == "multipart/form-data":
        fields, files = _from_form(request.body(), parameters.get("boundary", ""))
    else:
        raise UnsupportedMediaTypeError(
            "Send application/json with tier and files, or multipart/form-data with tier and the fields images."
        )
    return BatchRequest(
        user_id=request.user_id,
        tier=TIERS[fields.tier],
        options=fields.options(TIERS[fields.tier]),
        files=files,
        idempotency_key=idempotency_key(request.headers),
        anew=asks_anew(request.headers),
    )


def _from_manifest(body: bytes) -> tuple[ImageFields, list[BatchFile]]:
    manifest = validated_json(Manifest, json_object(body))
    for number, file in enumerate(manifest.files):
        if isinstance(file, ManifestFile):
            require_uploadable(file.size, f"files.{number}, {file.file_name}")
    return manifest, [BatchFile(_source_of(file)) for file in manifest.files]


def _source_of(file: ManifestFile | ManifestUrl) -> Source:
    if isinstance(file, ManifestUrl):
        name = file.file_name or PublicUrl.parse(file.image_url).file_name
        return Source(content_type=UNKNOWN_TYPE, file_name=name, url=file.image_url)
    return Source(content_type=announced_type(file.content_type), size=file.size, file_name=file.file_name)


def _from_form(body: bytes, boundary: str) -> tuple[ImageFields, list[BatchFile]]:
    form = read_form(body, boundary, files="images")
    if not form.files:
        raise MissingImageError("The form has no field “images”. Send each photo in one of that name.")
    if len(form.files) > LARGEST_BATCH:
        raise ImageCountError(
            f"A batch has at most {LARGEST_BATCH} images, not {len(form.files)}. Send the rest as another batch."
        )
    fields = validated(ImageFields, form.values)
    return fields, [
        BatchFile(
            Source(
                content_type=announced_type(file.content_type),
                size=len(file.content),
                file_name=file.name[-LONGEST_FILE_NAME:] if file.name else None,
            ),
            file.content,
        )
        for file in form.files
    ]


def require_uploadable(size: int | None, name: str) -> None:
    """Raises `ImageTooLargeError`, which names the file."""
    if size is not None and size > LARGEST_UPLOAD:
        raise ImageTooLargeError(
            f"{name}: an image has at most {LARGEST_UPLOAD // 1_000_000} MB.", limit=LARGEST_UPLOAD
        )

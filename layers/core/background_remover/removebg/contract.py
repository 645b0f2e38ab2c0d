"""The JSON of remove.bg's API, for the document that describes our routes. What is checked, `parameters` says."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from pydantic import ConfigDict

from background_remover.http.fields import Base64
from background_remover.http.validation import Request

type Scalar = str | int | float | bool | None


class RemoveBgFields(Request):
    """Every parameter is text, as forms have it; JSON may say true for "true". What is not known is left alone."""

    model_config = ConfigDict(alias_generator=None, extra="allow", frozen=True)

    image_url: Scalar = None
    size: Scalar = "preview"
    type: Scalar = "auto"
    type_level: Scalar = "1"
    format: Scalar = "auto"
    roi: Scalar = None
    crop: Scalar = "false"
    crop_margin: Scalar = "0"
    scale: Scalar = "original"
    position: Scalar = "original"
    channels: Scalar = "rgba"
    add_shadow: Scalar = "false"
    shadow_method: Scalar = None
    semitransparency: Scalar = "true"
    bg_color: Scalar = None
    bg_image_url: Scalar = None


class RemoveBgJson(RemoveBgFields):
    image_file_b64: Base64 | None = None


class RemoveBgData(TypedDict):
    result_b64: str
    foreground_top: int
    foreground_left: int
    foreground_width: int
    foreground_height: int


class RemoveBgResult(TypedDict):
    data: RemoveBgData


class RemoveBgError(TypedDict):
    title: str
    code: str
    detail: NotRequired[str]


class RemoveBgErrors(TypedDict):
    errors: list[RemoveBgError]


class RemoveBgCredits(TypedDict):
    total: int
    subscription: int
    payg: int
    enterprise: int


class RemoveBgCalls(TypedDict):
    free_calls: int
    sizes: str


class RemoveBgAttributes(TypedDict):
    credits: RemoveBgCredits
    api: RemoveBgCalls


class RemoveBgAccountData(TypedDict):
    attributes: RemoveBgAttributes


class RemoveBgAccount(TypedDict):
    data: RemoveBgAccountData

"""How the result shall look, as a request says it."""

import hashlib

from pydantic import Field

from background_remover.domain.jobs import Options, Output, OutputFormat
from background_remover.domain.request_errors import InvalidParameterError, NotAcceptableError
from background_remover.domain.tiers import Tier
from background_remover.http.fields import ColourName, Flag, MarginsText, MaxSize, PositionText, RegionText, ScaleText
from background_remover.http.validation import Request


class OptionFields(Request):
    """How the result shall look; see `Options`."""

    format: OutputFormat | None = Field(default=None, description="By default what Accept asks for, or png.")
    background: ColourName | None = Field(default=None, description="Behind the cut-out. A JPEG needs one.")
    crop: MarginsText | None = Field(
        default=None,
        description="To the subject with this margin, in px or in % of its larger side, as far as the photo goes. "
        "Two margins are for above and below, and for the sides; four for top, right, bottom and left.",
    )
    output: Output = Field(default="cutout", description="The cut-out, or its alpha as a grey image.")
    max_size: MaxSize | None = Field(
        default=None, description="The long edge of the result, in px. The photo is never enlarged."
    )
    lossless: Flag | None = Field(
        default=None, description="For WebP: by default lossless in tier industry, and lossy in the others."
    )
    region: RegionText | None = Field(
        default=None,
        description="Left, top, right and bottom, in px or % of the upright photo. Only there is a subject looked for; "
        "all else becomes transparent.",
    )
    scale: ScaleText | None = Field(
        default=None,
        description="Makes the subject as large as fits into this share of the photo's width and height, "
        "and centres it.",
    )
    position: PositionText | None = Field(
        default=None,
        description="Where in the photo's frame the subject stands: `original`, `center`, or how much of the room "
        "beside it is on its left, and above it. By default `center` with a scale, and else `original`.",
    )

    def options(
        self, tier: Tier, accepted: OutputFormat | None = None, *, background_image: bytes | None = None
    ) -> Options:
        """`accepted`: the one format that the caller's Accept header has use for.

        Raises `NotAcceptableError`, and `InvalidParameterError` where fields contradict each other.
        """
        if accepted and self.format not in (None, accepted):
            raise NotAcceptableError(
                f"The Accept header asks for {accepted}, the field format for {self.format}. Leave one of the two out."
            )
        output_format = self.format or accepted or "png"
        self._require_consistency(output_format, has_image=background_image is not None)
        return Options(
            format=output_format,
            background=self.background,
            crop=self.crop,
            output=self.output,
            max_size=self.max_size,
            lossless=output_format == "webp" and (tier.lossless if self.lossless is None else self.lossless),
            background_image=None if background_image is None else hashlib.sha256(background_image).hexdigest(),
            region=self.region,
            scale=self.scale,
            position=None if self.position == "original" else self.position,
        )

    def _require_consistency(self, output_format: OutputFormat, *, has_image: bool) -> None:
        faults = self._faults_of_placement()
        if has_image and (self.output == "matte" or self.background is not None):
            faults["backgroundImage"] = (
                ("is not for a matte", "A matte is grey and has no background image: leave it out.")
                if self.output == "matte"
                else ("comes with a background", "A result has one background: a colour or an image. Leave one out.")
            )
        if self.output == "matte":
            if self.background is not None:
                faults["background"] = ("is not for a matte", "A matte is grey and has no background: leave it out.")
        elif output_format == "jpeg" and self.background is None and not has_image:
            faults["background"] = (
                "is needed for a JPEG",
                "A JPEG has no transparency: say which background it shall have, such as #ffffff.",
            )
        if self.lossless is not None and output_format != "webp":
            faults["lossless"] = (
                "is for the format webp only",
                "Only a WebP can be either, lossless or not: a PNG always is, a JPEG never.",
            )
        if faults:
            raise InvalidParameterError(
                " ".join(detail for _, detail in faults.values()),
                errors=[{"field": field, "message": message} for field, (message, _) in faults.items()],
            )

    def _faults_of_placement(self) -> dict[str, tuple[str, str]]:
        faults: dict[str, tuple[str, str]] = {}
        if self.scale is not None and self.position == "original":
            faults["position"] = (
                "is not for a subject that is scaled",
                "A subject that is scaled has no original position: say where it shall stand, such as center.",
            )
        if self.crop is not None:
            for field, is_asked_for in (
                ("scale", self.scale is not None),
                ("position", self.position not in (None, "original")),
            ):
                if is_asked_for:
                    faults[field] = (
                        "is not for a crop",
                        f"A crop leaves no frame for a {field} of the subject: leave one of the two out.",
                    )
        return faults

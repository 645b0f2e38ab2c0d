"""What requests may carry. Imported where a request has input, as pydantic is with it."""

from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag

from background_remover.domain.api_keys import LONGEST_NAME
from background_remover.domain.jobs import LONGEST_FILE_NAME, JobStatus
from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.http.fields import Base64, BatchSize, ImageUrl, PlanName, Size, TierName, printable, some_files
from background_remover.http.option_fields import OptionFields
from background_remover.http.validation import BY_URL, UPLOADED, Request
from background_remover.http.waiting import LONGEST_WAIT


class ImageFields(OptionFields):
    """What is asked of every image of a request."""

    tier: TierName


class RemovalFields(ImageFields):
    """What is asked of one image, whichever way it comes."""

    file_name: str | None = Field(default=None, min_length=1, max_length=LONGEST_FILE_NAME)


BACKGROUND_IMAGE = (
    "Behind the cut-out, centred and scaled to fill the frame: a file as `image` may be, up to 25 megapixels."
)
BackgroundImage = Annotated[Base64 | None, Field(description=f"{BACKGROUND_IMAGE} In base64.")]


class RemovalJson(RemovalFields):
    """`POST /remove` for a photo in the JSON itself: `image` is the file in base64."""

    image: Base64
    background_image: BackgroundImage = None


class UrlJson(RemovalFields):
    """`POST /remove` for a photo that is on the web."""

    image_url: ImageUrl = Field(description="Where the photo is fetched from: https, a public host, up to 10 MB.")
    background_image: BackgroundImage = None


class UploadedJson(Request):
    """`POST /remove` for a photo that `POST /uploads` made room for, and that has been uploaded."""

    upload_id: str


class FileFields(Request):
    """A photo that is going to be uploaded. `size` in bytes."""

    content_type: str | None = Field(
        default=None,
        max_length=255,
        description="A hint, as the browser gives it; the file's bytes decide what it is. "
        "Upload it with the Content-Type that the answer's form has.",
    )
    file_name: str | None = Field(default=None, min_length=1, max_length=LONGEST_FILE_NAME)
    size: Size | None = None


class UploadFields(ImageFields, FileFields):
    """`POST /uploads`."""


class ManifestFile(FileFields):
    file_name: str = Field(min_length=1, max_length=LONGEST_FILE_NAME)
    size: Size


class ManifestUrl(Request):
    """A photo that is fetched from the web."""

    image_url: ImageUrl
    file_name: str | None = Field(
        default=None, min_length=1, max_length=LONGEST_FILE_NAME, description="By default what the URL ends with."
    )


def _kind_of_file(value: object) -> str:
    return BY_URL if isinstance(value, ManifestUrl) or (isinstance(value, dict) and "imageUrl" in value) else UPLOADED


class Manifest(ImageFields):
    """`POST /batch`."""

    # Another number is refused as a number of images, not as a field at fault.
    files: Annotated[
        list[
            Annotated[
                Annotated[ManifestFile, Tag(UPLOADED)] | Annotated[ManifestUrl, Tag(BY_URL)],
                Discriminator(_kind_of_file),
            ]
        ],
        AfterValidator(some_files),
        Field(json_schema_extra={"minItems": 1, "maxItems": LARGEST_BATCH}),
    ]


class RenderFields(OptionFields):
    """`POST /jobs/{jobId}/render`. `refinement` names the tier whose refinement is used."""

    background_image: BackgroundImage = None
    refinement: TierName | None = Field(
        default=None, description="The job's tier or one below it; by default the tier that was delivered."
    )


class SubscriptionFields(Request):
    """`POST /subscription`: the plan, and a payment for it that the billing system has told of."""

    plan: PlanName
    payment_id: str = Field(min_length=1, max_length=200)


class PricingFields(Request):
    """`POST /pricing/calculate`."""

    total_images: BatchSize
    tier: TierName


class ApiKeyFields(Request):
    """`POST /api-keys`."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(printable)]


class WebhookFields(Request):
    """`POST /webhooks`."""

    url: ImageUrl = Field(description="Where events are posted to: https, a public host.")


class PageQuery(Request):
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = None


class JobsQuery(PageQuery):
    status: JobStatus | None = None
    tier: TierName | None = None


class WaitQuery(Request):
    """Of a GET that may wait for the end of what it asks about."""

    wait: Annotated[int, Field(ge=0, le=LONGEST_WAIT)] | None = Field(
        default=None, description="So many seconds to wait for the end at most, as `Prefer: wait` says it."
    )


class ItemsQuery(WaitQuery, PageQuery):
    limit: int = Field(default=100, ge=1, le=LARGEST_BATCH)

"""What is wrong with an image."""

from background_remover.domain.errors import DomainError


class ImageError(DomainError):
    """The image cannot be worked on; nothing about it improves by trying again."""


class MissingImageError(ImageError):
    """The request carries no image."""

    code = "missing_image"


class EmptyImageError(ImageError):
    """The image has no bytes."""

    code = "empty_image"


class ImageTooLargeError(ImageError):
    """The image has more bytes than the route takes."""

    code = "image_too_large"


class NotAnImageError(ImageError):
    """The bytes are not an image at all, whatever the file is called."""

    code = "not_an_image"


class UnsupportedImageTypeError(ImageError):
    """The bytes are an image of a type that is not taken."""

    code = "unsupported_image_type"


class CorruptImageError(ImageError):
    """The image breaks off or does not decode."""

    code = "corrupt_image"


class TooManyPixelsError(ImageError):
    """The image has more pixels than are taken."""

    code = "too_many_pixels"


class DecompressionBombError(ImageError):
    """A small file that would unpack into an absurd amount of memory."""

    code = "decompression_bomb"


class InvalidRegionError(ImageError):
    """The region that was named is none of the photo's."""

    code = "invalid_region"


class UnknownForegroundError(ImageError):
    """The model found nothing in the photo that stands out from a background."""

    code = "unknown_foreground"


class PhotoLostError(ImageError):
    """The photo of a job that was taken on is not in the bucket: our loss, not the caller's mistake."""

    code = "photo_lost"


class ImageUrlRefusedError(ImageError):
    """The image's URL, or where it redirects to, is none that we go to: https and public hosts only."""

    code = "image_url_refused"


class ImageNotFetchedError(ImageError):
    """The image could not be fetched from its URL: its server is unknown, slow, untrusted, or answers with no file."""

    code = "image_not_fetched"


class PhotoReplacedError(ImageError):
    """The file in the dropbox was overwritten before it was taken in."""

    code = "photo_replaced"

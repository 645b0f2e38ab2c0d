"""What goes wrong at Hugging Face."""

from background_remover.domain.errors import DomainError


class InferenceError(DomainError):
    """Hugging Face did not give a matte."""


class TierUnavailableError(InferenceError):
    """The tier's model has no Hugging Face URL configured."""

    code = "tier_unavailable"


class InferenceUnavailableError(InferenceError):
    """Cold, busy, slow or failing, or its answer says nothing of the image: try again after `retry_after` seconds."""

    code = "inference_unavailable"

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class InferenceMisconfiguredError(InferenceUnavailableError):
    """Hugging Face refuses our token, address, plan or model: an operator has to act, and the job waits."""

    code = "inference_misconfigured"


class InferenceRefusedError(InferenceError):
    """Hugging Face refuses this very image for good."""

    code = "inference_refused"


class InvalidMatteError(InferenceError):
    """The image that Hugging Face answered with is broken, or no matte of the photo that was sent."""

    code = "invalid_matte"

"""What an account does not have, or may not have more of."""

from background_remover.domain.errors import DomainError


class ApiKeyNotFoundError(DomainError):
    """The caller has no such API key."""

    code = "api_key_not_found"


class TooManyApiKeysError(DomainError):
    """The caller has as many API keys as one may have."""

    code = "too_many_api_keys"


class UnknownUserError(DomainError):
    """Nobody has an account of that id."""

    code = "unknown_user"


class WebhookNotFoundError(DomainError):
    """The user has no such webhook."""

    code = "webhook_not_found"


class DeliveryNotFoundError(DomainError):
    """The webhook has no such delivery."""

    code = "delivery_not_found"


class TooManyWebhooksError(DomainError):
    """The user has as many webhooks as there may be."""

    code = "too_many_webhooks"

"""Everything that can go wrong and that somebody can act on is a `DomainError`, in the module of what it is about:
`request_errors`, `image_errors`, `job_errors`, `credit_errors`, `account_errors` or `inference_errors`.

`http/problems.py` maps each to a status, once.
"""

from typing import ClassVar


class DomainError(Exception):
    """A refusal or failure with a stable code, a sentence for the caller, and members for the problem document."""

    code: ClassVar[str]

    def __init__(self, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members

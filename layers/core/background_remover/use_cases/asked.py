"""What is asked of one image that is removed within a request, whether it comes with it or is fetched."""

from __future__ import annotations

from dataclasses import dataclass

from background_remover.domain.jobs import Options
from background_remover.domain.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`respond_async`: do not wait, queue it. `anew`: by an inference, even if the matte is known. `background_image`:
    the file whose hash the options have."""

    user_id: str
    tier: Tier
    options: Options
    file_name: str | None
    idempotency_key: str | None
    respond_async: bool
    anew: bool = False
    background_image: bytes | None = None

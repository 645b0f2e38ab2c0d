from datetime import UTC, datetime

from background_remover.domain.api_keys import ENTROPY_BYTES, ApiKey, api_key, is_key_id

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_key_holds_all_of_its_entropy() -> None:
    assert len(api_key(bytes(ENTROPY_BYTES))) == len("brp_") + 43
    assert api_key(bytes(31) + b"\x01") != api_key(bytes(ENTROPY_BYTES))


def test_what_is_kept_of_a_key_is_its_id_and_the_first_eight_of_its_own_characters() -> None:
    kept = ApiKey.of("brp_0123456789", user_id="anna", name="import", created_at=NOON)

    assert kept.beginning == "brp_01234567"
    assert is_key_id(kept.key_id)
    assert "brp_0123456789" not in repr(kept)

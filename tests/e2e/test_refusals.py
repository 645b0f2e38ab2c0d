"""Bad input: a problem document with its own code; nothing charged, nothing left behind."""

import io
import struct
import zlib
from typing import Any

import pytest
import requests
from PIL import Image

from tests.e2e.caller import Caller, photo
from tests.e2e.conftest import SIGNUP_CREDITS

IMAGES = {
    "an empty file": (b"", 400, "empty_image"),
    "a text called .png": (b"hello, I am a picture", 415, "not_an_image"),
    "a truncated JPEG": (photo(400, 300, "JPEG")[:2000], 422, "corrupt_image"),
    "a truncated PNG": (photo(400, 300)[:-400], 422, "corrupt_image"),
    "a BMP": (photo(kind="BMP"), 415, "unsupported_image_type"),
    "10 MB and a byte": (photo() + bytes(10_000_001 - len(photo())), 413, "image_too_large"),
}


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size that its pixels do not have."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def assert_refused(answer: Any, status: int, code: str) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["detail"]
    assert problem["requestId"]


def assert_nothing_happened(caller: Caller) -> None:
    assert caller.balance() == (SIGNUP_CREDITS, 0)
    assert caller.get("jobs").json()["jobs"] == []
    assert caller.files() == []


@pytest.mark.parametrize(("image", "status", "code"), IMAGES.values(), ids=IMAGES.keys())
def test_a_bad_image_is_refused(caller: Caller, image: bytes, status: int, code: str) -> None:
    assert_refused(caller.remove(image), status, code)
    assert_nothing_happened(caller)


@pytest.mark.parametrize(
    ("width", "height", "code"), [(8500, 6000, "too_many_pixels"), (30000, 30000, "decompression_bomb")]
)
def test_an_image_that_unpacks_into_too_much_is_refused(caller: Caller, width: int, height: int, code: str) -> None:
    assert_refused(caller.remove(png_header(width, height)), 413, code)
    assert_nothing_happened(caller)


def test_an_unsupported_image_type_is_refused_as_a_raw_body_too(caller: Caller) -> None:
    answer = caller.http.post(
        f"{caller.routes}/remove?tier=basic", photo(kind="BMP"), headers={"Content-Type": "image/bmp"}, timeout=30
    )
    assert_refused(answer, 415, "unsupported_image_type")
    assert_nothing_happened(caller)


def test_an_unknown_tier_is_refused_with_the_tiers_there_are(caller: Caller) -> None:
    answer = caller.remove(tier="platinum")
    assert_refused(answer, 422, "unknown_tier")
    assert "basic, standard, professional, industry" in answer.json()["detail"]
    assert_nothing_happened(caller)


def test_a_field_that_is_not_known_is_named(caller: Caller) -> None:
    answer = caller.remove(colour="red")
    assert_refused(answer, 422, "invalid_parameter")
    assert [error["field"] for error in answer.json()["errors"]] == ["colour"]
    assert_nothing_happened(caller)


def test_thousands_of_unknown_fields_are_not_echoed_back(caller: Caller) -> None:
    body = {"image": "", "tier": "basic", **{f"field{number}": 1 for number in range(5000)}}
    answer = caller.http.post(f"{caller.routes}/remove", json=body, timeout=30)
    assert_refused(answer, 422, "invalid_parameter")
    assert len(answer.json()["errors"]) == 20


def test_fields_in_the_query_beside_a_form_are_refused(caller: Caller) -> None:
    answer = caller.http.post(
        f"{caller.routes}/remove?background=red",
        files={"image": photo()},
        data={"tier": "basic"},
        timeout=30,
    )
    assert_refused(answer, 422, "invalid_parameter")
    assert [error["field"] for error in answer.json()["errors"]] == ["background"]
    assert_nothing_happened(caller)


def test_a_jpeg_without_background_is_refused(caller: Caller) -> None:
    assert_refused(caller.remove(format="jpeg"), 422, "invalid_parameter")
    assert_nothing_happened(caller)


def test_a_photo_too_long_for_the_format_is_refused_before_it_costs_anything(caller: Caller) -> None:
    assert_refused(caller.remove(photo(17_000, 10), format="webp"), 413, "too_many_pixels")
    assert_nothing_happened(caller)


def test_an_accept_header_against_the_format_is_refused(caller: Caller) -> None:
    assert_refused(caller.remove(format="webp", headers={"Accept": "image/png"}), 406, "not_acceptable")
    assert_nothing_happened(caller)


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b'{"image": ', 400, "malformed_json"),
        ("application/json", b'["image"]', 400, "malformed_json"),
        pytest.param("application/json", b"[" * 200_000, 400, "malformed_json", id="deeply nested"),
        ("application/json", b'{"tier": "basic"}', 400, "missing_image"),
        ("application/json", b'{"tier": "basic", "image": "?"}', 400, "malformed_base64"),
        ("multipart/form-data; boundary=x", b"this is no form", 400, "malformed_multipart"),
        ("multipart/form-data", b"--x--", 400, "malformed_multipart"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="tier"\r\n\r\nbasic\r\n--x--\r\n',
            400,
            "missing_image",
        ),
        ("image/png", b"", 400, "missing_image"),
        ("text/plain", b"hello", 415, "unsupported_media_type"),
    ],
)
def test_a_malformed_body_is_refused(caller: Caller, content_type: str, body: bytes, status: int, code: str) -> None:
    answer = caller.http.post(
        f"{caller.routes}/remove?tier=basic", body, headers={"Content-Type": content_type}, timeout=30
    )
    assert_refused(answer, status, code)
    assert_nothing_happened(caller)


def test_too_few_credits_are_refused_with_what_is_missing(caller: Caller) -> None:
    assert caller.remove(tier="industry").status_code == 200
    answer = caller.remove(photo(32, 32), tier="industry")
    assert_refused(answer, 402, "insufficient_credits")
    assert (answer.json()["required"], answer.json()["available"]) == (25, SIGNUP_CREDITS - 25)
    assert len(caller.get("jobs").json()["jobs"]) == 1
    assert caller.balance() == (SIGNUP_CREDITS - 25, 0)


def test_an_idempotency_key_with_another_body_is_refused(caller: Caller) -> None:
    caller.remove(headers={"Idempotency-Key": "one"})
    answer = caller.remove(photo(32, 32), headers={"Idempotency-Key": "one"})
    assert_refused(answer, 409, "idempotency_key_reused")
    assert caller.balance() == (SIGNUP_CREDITS - 3, 0)


def test_a_job_of_somebody_else_does_not_exist(caller: Caller, stranger: Caller) -> None:
    job_id = caller.remove().json()["jobId"]
    assert_refused(stranger.get(f"jobs/{job_id}"), 404, "job_not_found")
    assert_refused(stranger.delete(f"jobs/{job_id}"), 404, "job_not_found")
    assert caller.get(f"jobs/{job_id}").status_code == 200


@pytest.mark.parametrize(("query", "field"), [("limit=0", "limit"), ("limit=x", "limit"), ("status=done", "status")])
def test_a_bad_page_of_the_history_is_refused(caller: Caller, query: str, field: str) -> None:
    answer = caller.get(f"jobs?{query}")
    assert_refused(answer, 422, "invalid_parameter")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_malformed_cursor_is_refused(caller: Caller) -> None:
    for path in ("jobs", "credits"):
        assert_refused(caller.get(path, cursor="!"), 400, "malformed_cursor")


def test_a_request_without_a_token_is_refused(caller: Caller) -> None:
    answer = requests.post(f"{caller.routes}/remove", files={"image": photo()}, timeout=10)
    assert_refused(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["brp_unknown", "nonsense", "a.b.c"])
def test_a_forged_token_is_refused(caller: Caller, token: str) -> None:
    answer = requests.get(f"{caller.routes}/jobs", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert_refused(answer, 401, "unauthorized")


def test_a_token_with_another_signature_is_refused(caller: Caller) -> None:
    header, claims, signature = caller.user.token.split(".")
    forged = f"{header}.{claims}.{signature[::-1]}"
    answer = requests.get(f"{caller.routes}/jobs", headers={"Authorization": f"Bearer {forged}"}, timeout=10)
    assert_refused(answer, 401, "unauthorized")


def test_a_route_that_does_not_exist_is_a_problem_document(caller: Caller) -> None:
    assert_refused(caller.get("nowhere"), 404, "route_not_found")


def test_a_cmyk_tiff_is_named_as_what_it_is(caller: Caller) -> None:
    buffer = io.BytesIO()
    Image.new("CMYK", (8, 8)).save(buffer, "TIFF")
    answer = caller.remove(buffer.getvalue())
    assert_refused(answer, 415, "unsupported_image_type")
    assert "TIFF" in answer.json()["detail"].upper()

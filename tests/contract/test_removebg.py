"""remove.bg's API, as its clients speak it: what they send, and what they read of the answers."""

from __future__ import annotations

import base64
import io
import zipfile
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from background_remover.removebg.refusals import TITLES
from tests.contract.deployment import API_KEY, SIGNUP_CREDITS, USER, Deployment
from tests.contract.removebg import KEY, Answered, detailed, photo, send
from tests.stack.hugging_face import Fault

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture(autouse=True)
def key(deployment: Deployment) -> None:
    deployment.make_api_key()


def charged(deployment: Deployment) -> int:
    """Spent or held of what a new user has."""
    return SIGNUP_CREDITS - deployment.ledger.balance(USER, datetime.now(UTC)).available


def file(content: bytes | None = None, **fields: Any) -> dict[str, Any]:
    """A form as PyPI's removebg sends it."""
    return {"files": {"image_file": ("cat.png", content or photo())}, "data": fields}


def with_backdrop(content: bytes, **fields: Any) -> dict[str, Any]:
    files = {"image_file": ("cat.png", photo()), "bg_image_file": ("room.png", content)}
    return {"files": files, "data": fields}


# ---- what comes out ------------------------------------------------------------------------------------------------


def test_a_form_gets_the_file_itself(deployment: Deployment) -> None:
    answer = send(deployment, **file(size="regular", bg_color=None))

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.image.size == (64, 48)
    assert answer.image.mode == "RGBA"
    assert answer.headers["X-Credits-Charged"] == "8"
    assert charged(deployment) == 8


def test_the_npm_client_gets_json_and_the_headers_that_it_reads(deployment: Deployment) -> None:
    absent = ("scale", "position", "crop_margin", "roi", "bg_color", "bg_image_url", "channels", "add_shadow")
    fields: dict[str, Any] = {"size": "preview", "crop": "false", **dict.fromkeys(absent, "undefined")}
    answer = send(deployment, headers={**KEY, "Accept": "application/json"}, **file(**fields))

    assert answer.status == 200
    data = answer.json["data"]
    image = Image.open(io.BytesIO(base64.b64decode(data["result_b64"])))
    assert image.mode == "RGBA"
    subject = Image.fromarray(np.asarray(image)[:, :, 3] >= 13).getbbox()
    left, top = data["foreground_left"], data["foreground_top"]
    assert subject == (left, top, left + data["foreground_width"], top + data["foreground_height"])
    expected = {"X-Type": "other", "X-Width": "64", "X-Height": "48", "X-Credits-Charged": "8"}
    assert expected.items() <= answer.headers.items()
    assert answer.headers["X-Foreground-Left"] == str(left)
    limits = {name: int(answer.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset")}
    assert limits["Limit"] - limits["Remaining"] == 1
    assert -5 < limits["Reset"] - datetime.now(UTC).timestamp() < 60


@pytest.mark.parametrize("way", ["json", "data"])
def test_a_photo_comes_in_base64_as_json_or_in_a_form(deployment: Deployment, way: str) -> None:
    sent: dict[str, Any] = {way: {"image_file_b64": base64.b64encode(photo()).decode(), "size": "preview"}}

    answer = send(deployment, **sent)

    assert answer.status == 200
    assert answer.image.size == (64, 48)


def test_a_data_url_is_base64_as_well(deployment: Deployment) -> None:
    encoded = "data:image/png;base64," + base64.b64encode(photo()).decode()
    assert send(deployment, json={"image_file_b64": encoded}).status == 200


def test_a_bearer_token_does_in_place_of_the_key(deployment: Deployment) -> None:
    assert send(deployment, headers={"Authorization": f"Bearer {API_KEY}"}, **file()).status == 200


@pytest.mark.parametrize(
    ("size", "pixels"),
    [
        *((name, 250_000) for name in ("preview", "small", "regular")),
        ("medium", 1_500_000),
    ],
)
def test_a_size_bounds_the_pixels(deployment: Deployment, size: str, pixels: int) -> None:
    blank = io.BytesIO()
    Image.new("RGB", (2000, 1500), "teal").save(blank, "JPEG")

    answer = send(deployment, **file(blank.getvalue(), size=size))

    width, height = answer.image.size
    assert 0.97 * pixels < width * height <= pixels
    assert (answer.headers["X-Width"], answer.headers["X-Height"]) == (str(width), str(height))


@pytest.mark.parametrize("size", ["full", "4k"])
def test_the_largest_size_is_another_tier_at_its_price(deployment: Deployment, size: str) -> None:
    answer = send(deployment, **file(size=size))

    assert answer.headers["X-Credits-Charged"] == "15"
    assert charged(deployment) == 15


def test_auto_is_the_largest_size_that_the_credits_pay_for(deployment: Deployment) -> None:
    for number, size in enumerate(("full", "full", "hd")):
        send(deployment, **file(photo(70 + number), size=size))

    assert send(deployment, **file(size="auto")).headers["X-Credits-Charged"] == "8"
    assert charged(deployment) == 15 + 15 + 8 + 8


def test_the_same_photo_again_costs_nothing(deployment: Deployment) -> None:
    first, second = (send(deployment, **file()) for _ in range(2))

    assert [each.headers["X-Credits-Charged"] for each in (first, second)] == ["8", "0"]
    assert charged(deployment) == 8


@pytest.mark.parametrize(
    ("color", "rgb"),
    [
        ("fff", (255, 255, 255)),
        ("#81d4fa", (0x81, 0xD4, 0xFA)),
        ("81d4faFF", (0x81, 0xD4, 0xFA)),
        ("f00f", (255, 0, 0)),
        ("green", (0, 128, 0)),
        ("RebeccaPurple", (0x66, 0x33, 0x99)),
    ],
)
def test_on_a_colour_it_is_a_jpeg(deployment: Deployment, color: str, rgb: tuple[int, int, int]) -> None:
    answer = send(deployment, **file(bg_color=color))

    assert answer.headers["Content-Type"] == "image/jpeg"
    corner: Any = answer.image.getpixel((0, 0))
    assert max(abs(got - wanted) for got, wanted in zip(corner, rgb, strict=True)) < 6


def test_a_translucent_colour_is_kept_in_a_png(deployment: Deployment) -> None:
    answer = send(deployment, **file(bg_color="81d4fa77"))

    assert answer.headers["Content-Type"] == "image/png"
    assert answer.image.getpixel((0, 0)) == (0x81, 0xD4, 0xFA, 0x77)


def test_a_jpeg_without_a_colour_is_on_white(deployment: Deployment) -> None:
    answer = send(deployment, **file(format="jpg"))

    assert answer.headers["Content-Type"] == "image/jpeg"
    corner: Any = answer.image.getpixel((0, 0))
    assert min(corner) > 249


def test_a_zip_has_colour_and_alpha(deployment: Deployment) -> None:
    whole = send(deployment, **file(format="png"))
    answer = send(deployment, **file(format="zip"))

    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["alpha.png", "color.jpg"]
        alpha = np.asarray(Image.open(archive.open("alpha.png")))
        assert Image.open(archive.open("color.jpg")).size == (64, 48)
    np.testing.assert_array_equal(alpha, np.asarray(whole.image)[:, :, 3])


def test_the_alpha_alone_is_grey(deployment: Deployment) -> None:
    answer = send(deployment, **file(channels="alpha"))

    assert answer.headers["Content-Type"] == "image/png"
    assert answer.image.mode == "L"


@pytest.mark.parametrize(("margin", "around"), [("0", 0), ("2px", 2), ("2px 2px", 2), ("2 2 2 2", 2), ("undefined", 0)])
def test_a_crop_leaves_the_subject_and_its_margin(deployment: Deployment, margin: str, around: int) -> None:
    answer = send(deployment, **file(crop="true", crop_margin=margin))

    width, height = answer.image.size
    assert width < 64
    assert int(answer.headers["X-Foreground-Left"]) == int(answer.headers["X-Foreground-Top"]) == around
    assert int(answer.headers["X-Foreground-Width"]) == width - 2 * around
    assert int(answer.headers["X-Foreground-Height"]) == height - 2 * around


def test_margins_are_by_side_and_at_most_half_of_the_subject(deployment: Deployment) -> None:
    answer = send(deployment, **file(crop="true", crop_margin="1px 2px 3px 4px"))

    width, height = answer.image.size
    assert (answer.headers["X-Foreground-Left"], answer.headers["X-Foreground-Top"]) == ("4", "1")
    assert int(answer.headers["X-Foreground-Width"]) == width - 6
    assert int(answer.headers["X-Foreground-Height"]) == height - 4


def test_a_subject_is_scaled_and_placed(deployment: Deployment) -> None:
    answer = send(deployment, **file(scale="50%", position="0% 100%"))

    assert answer.image.size == (64, 48)
    left, top, width, height = (
        int(answer.headers[f"X-Foreground-{side}"]) for side in ("Left", "Top", "Width", "Height")
    )
    assert left <= 1
    assert abs(top + height - 48) <= 1
    assert max(width / 64, height / 48) == pytest.approx(0.5, abs=0.05)


def test_only_in_its_region_a_subject_is_looked_for(deployment: Deployment) -> None:
    answer = send(deployment, **file(roi="0% 0% 50% 100%"))

    assert int(answer.headers["X-Foreground-Left"]) + int(answer.headers["X-Foreground-Width"]) <= 32


def test_a_background_image_fills_the_frame(deployment: Deployment) -> None:
    room = io.BytesIO()
    Image.new("RGB", (300, 100), "orange").save(room, "PNG")

    answer = send(deployment, **with_backdrop(room.getvalue(), size="preview"))

    assert answer.headers["Content-Type"] == "image/jpeg"
    corner: Any = answer.image.getpixel((0, 0))
    assert max(abs(got - wanted) for got, wanted in zip(corner, (255, 165, 0), strict=True)) < 8
    assert int(answer.headers["X-Foreground-Left"]) > 0


def test_a_file_that_no_answer_holds_is_where_the_answer_says(deployment: Deployment) -> None:
    answer = send(deployment, **file(detailed(), size="full", format="png"))

    assert_refused(answer, 303, "result_too_large")
    assert answer.headers["X-Credits-Charged"] == "15"
    key = urlsplit(answer.headers["Location"]).path.lstrip("/")
    stored = deployment.objects.get(key)
    assert stored
    assert Image.open(io.BytesIO(stored)).size == (2400, 1800)


def test_json_that_no_answer_holds_is_refused_in_words(deployment: Deployment) -> None:
    answer = send(deployment, headers={**KEY, "Accept": "application/json"}, **file(detailed(), size="full"))

    assert_refused(answer, 406, "result_too_large")
    assert "format=zip" in answer.error["detail"]


def test_auto_is_a_size_that_an_answer_holds(deployment: Deployment) -> None:
    answer = send(deployment, **file(detailed(), size="auto", format="png"))

    assert answer.status == 200
    assert 1_000_000 < answer.image.width * answer.image.height < 4_000_000


def test_what_does_nothing_is_said_to_do_nothing(deployment: Deployment) -> None:
    answer = send(deployment, **file(type="car", add_shadow="true", semitransparency="false", type_level="none"))

    assert answer.status == 200
    assert answer.headers["X-Without-Effect"] == "type, add_shadow, semitransparency"
    assert "X-Type" not in answer.headers


def test_nothing_is_said_of_what_was_not_asked_for(deployment: Deployment) -> None:
    usual = file(type="auto", add_shadow="false", scale="original", position="original", roi="0% 0% 100% 100%")
    assert "X-Without-Effect" not in send(deployment, **usual).headers


def test_the_account_has_its_credits(deployment: Deployment) -> None:
    answer = send(deployment, path="/account", method="GET")

    assert answer.status == 200
    attributes = answer.json["data"]["attributes"]
    assert attributes["credits"] == {"total": 50, "subscription": 0, "payg": 50, "enterprise": 0}
    assert attributes["api"] == {"free_calls": 0, "sizes": "all"}


# ---- what is refused -----------------------------------------------------------------------------------------------

JPEG = photo(kind="JPEG")
BASE64 = base64.b64encode(photo()).decode()
URL = "https://example.com/cat.jpg"


MISTAKES: list[tuple[str, dict[str, Any]]] = [
    ("failed_to_read_image", file(JPEG[: len(JPEG) // 2])),
    ("failed_to_read_image", {"json": {"image_file_b64": "no base64!"}}),
    ("file_too_large", file(b"\x89PNG\r\n\x1a\n" + bytes(4_400_000))),
    ("invalid_bg_color", file(bg_color="12345")),
    ("invalid_bg_color", file(bg_color="greenish")),
    ("invalid_bg_image_url", file(bg_image_url="http://127.0.0.1/")),
    ("invalid_file_type", with_backdrop(b"hello")),
    ("invalid_channels", file(channels="rgb")),
    ("invalid_crop_margin", file(crop="true", crop_margin="-5px")),
    ("invalid_crop_margin", file(crop="true", crop_margin="1px 2px 3px")),
    ("invalid_dimensions", file(photo()[:20])),
    ("invalid_file_type", file(b"\x00\x00\x00\x18ftypmp42" + bytes(100))),
    ("invalid_file_type", file(b"hello")),
    ("invalid_format", file(format="gif")),
    ("invalid_image_url", {"data": {"image_url": "cat.jpg"}}),
    ("invalid_image_url", {"json": {"image_url": "https://127.0.0.1/cat.jpg"}}),
    ("invalid_position", file(position="left")),
    ("invalid_roi", file(roi="1 2 3")),
    ("invalid_scale", file(scale="5%")),
    ("invalid_semitransparency", file(semitransparency="perhaps")),
    ("invalid_size", file(size="huge")),
    ("missing_source", {"data": {"size": "auto"}}),
    ("missing_source", {"json": {"image_url": None}}),
    ("missing_source", {"data": {"image_url": "undefined"}}),
    ("multiple_bg_sources", file(bg_color="fff", bg_image_url=URL)),
    ("multiple_sources", file(image_url=URL)),
    ("multiple_sources", {"json": {"image_url": URL, "image_file_b64": BASE64}}),
    ("roi_exceeds_bounds", file(roi="0% 0% 101% 100%")),
    ("roi_exceeds_bounds", file(roi="0px 0px 65px 48px")),
    ("roi_region_empty", file(roi="32px 0% 50% 100%")),
    ("roi_region_empty", file(roi="50px 0px 50px 20px")),
]


@pytest.mark.parametrize(("code", "sent"), MISTAKES)
def test_a_mistake_is_told_by_the_code_that_remove_bg_has_for_it(
    deployment: Deployment, code: str, sent: dict[str, Any]
) -> None:
    answer = send(deployment, **sent)

    assert_refused(answer, 400, code)
    assert charged(deployment) == 0
    assert deployment.hugging_face.requests == []


def test_every_code_of_remove_bg_has_its_test() -> None:
    in_tests_of_their_own = {
        *("resolution_too_high", "unknown_foreground", "insufficient_credits", "auth_failed", "rate_limit_exceeded"),
        *("failed_image_download", "failed_bg_download"),  # test_fetched_images.py
    }
    assert {code for code, _ in MISTAKES} | in_tests_of_their_own == TITLES.keys()


def assert_refused(answer: Answered, status: int, code: str) -> None:
    assert (answer.status, answer.error["code"]) == (status, code)
    assert answer.error["title"]
    assert answer.headers["Content-Type"] == "application/json"


def test_a_photo_of_too_many_pixels_is_refused(deployment: Deployment) -> None:
    encoded = io.BytesIO()
    Image.new("1", (8000, 7000)).save(encoded, "PNG")

    assert_refused(send(deployment, **file(encoded.getvalue())), 400, "resolution_too_high")
    assert charged(deployment) == 0


def test_a_photo_without_a_subject_costs_nothing(deployment: Deployment) -> None:
    deployment.hugging_face.play(Fault("empty_matte"))

    assert_refused(send(deployment, **file()), 400, "unknown_foreground")
    assert charged(deployment) == 0


def test_without_enough_credits_it_is_402(deployment: Deployment) -> None:
    for number in range(3):
        send(deployment, **file(photo(70 + number), size="full"))

    assert_refused(send(deployment, **file(size="preview")), 402, "insufficient_credits")
    assert_refused(send(deployment, **file(size="auto")), 402, "insufficient_credits")


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "brp_nobodys"}, {"Authorization": "Basic YTpi"}])
@pytest.mark.parametrize(("method", "path"), [("POST", "/removebg"), ("GET", "/account")])
def test_a_stranger_gets_403(deployment: Deployment, method: str, path: str, headers: dict[str, str]) -> None:
    sent = file() if method == "POST" else {}
    assert_refused(send(deployment, method=method, path=path, headers=headers, **sent), 403, "auth_failed")


def test_too_many_requests_are_429_and_say_when_to_come_again(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUEST_BURST", "1")
    monkeypatch.setenv("REQUESTS_PER_MINUTE", "60")
    send(deployment, **file())

    answer = send(deployment, **file(photo(70)))

    assert_refused(answer, 429, "rate_limit_exceeded")
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert charged(deployment) == 8

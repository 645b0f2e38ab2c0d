"""The Hugging Face stand-in speaks both dialects and checks the token."""

import base64

import pytest
import requests
from PIL import Image

from tests.stack.hugging_face import HuggingFaceStandIn
from tests.unit.stack.calls import (
    ENDPOINT,
    QUEUE,
    SIZE,
    SUBMIT,
    TOKEN,
    cut_out_by_queue,
    finished,
    from_data_uri,
    infer,
    jpeg,
    picture,
    result,
    routed,
    submit,
)

# The endpoint dialect


def test_an_endpoint_answers_json_with_one_segment_whose_mask_has_the_size_sent(
    hub: HuggingFaceStandIn, session: requests.Session
) -> None:
    answer = infer(hub, session)
    assert answer.headers["Content-Type"] == "application/json"
    (segment,) = answer.json()
    assert (segment["label"], segment["score"]) == ("foreground", 1.0)
    mask = picture(base64.b64decode(segment["mask"]))
    assert (mask.mode, mask.size) == ("L", SIZE)
    assert mask.getpixel((30, 20)) == 255
    assert mask.getpixel((0, 0)) == 0


def test_an_endpoint_answers_png_bytes_to_who_accepts_them(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    answer = infer(hub, session, Accept="image/png")
    assert answer.headers["Content-Type"] == "image/png"
    assert (picture(answer.content).mode, picture(answer.content).size) == ("L", SIZE)


def test_the_orientation_tag_is_ignored_as_model_servers_do(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    answer = infer(hub, session, jpeg(exif=exif), Accept="image/png")
    assert picture(answer.content).size == SIZE


@pytest.mark.parametrize("content_type", ["application/octet-stream", "image/jpg", "image/jpeg; charset=utf-8", ""])
def test_a_content_type_that_is_not_exact_is_unsupported(
    hub: HuggingFaceStandIn, session: requests.Session, content_type: str
) -> None:
    answer = infer(hub, session, Content_Type=content_type)
    assert answer.status_code == 415
    assert "error" in answer.json()


def test_bytes_that_are_no_image_are_a_bad_request(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    assert infer(hub, session, b"no image").status_code == 400


# The queue dialect


def test_the_queue_takes_a_data_uri_and_gives_an_rgba_cut_out_of_the_size_sent(
    hub: HuggingFaceStandIn, session: requests.Session
) -> None:
    image = cut_out_by_queue(hub, session)["image"]
    assert (image["content_type"], image["width"], image["height"]) == ("image/png", *SIZE)
    cut_out = picture(from_data_uri(image["url"]))
    assert (cut_out.mode, cut_out.size) == ("RGBA", SIZE)
    assert cut_out.getchannel("A").getextrema() == (0, 255)


def test_the_queue_names_fals_own_host_and_the_app_without_its_sub_path(
    hub: HuggingFaceStandIn, session: requests.Session
) -> None:
    submitted = submit(hub, session).json()
    url = f"https://queue.fal.run/fal-ai/bria/requests/{submitted['request_id']}"
    assert submitted["status"] == "IN_QUEUE"
    assert (submitted["response_url"], submitted["status_url"]) == (url, url + "/status")


def test_the_queue_is_in_progress_until_the_inference_is_done(
    hub: HuggingFaceStandIn, session: requests.Session
) -> None:
    hub.set_latency(0.1)
    submitted = submit(hub, session)
    poll = session.get(routed(hub, submitted.json()["status_url"]), params=QUEUE, timeout=5)
    assert poll.json()["status"] in ("IN_QUEUE", "IN_PROGRESS")
    assert result(hub, session, submitted).status_code == 400
    assert finished(hub, session, submitted).json()["status"] == "COMPLETED"


def test_the_queue_is_not_found_without_its_subdomain(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    submitted = submit(hub, session)
    assert session.post(hub.url + SUBMIT, json={}, timeout=5).status_code == 404
    assert session.get(routed(hub, submitted.json()["status_url"]), timeout=5).status_code == 404
    assert session.get(routed(hub, submitted.json()["response_url"]), timeout=5).status_code == 404


def test_the_queue_refuses_a_payload_without_a_data_uri(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    answer = submit(hub, session, image_url="https://example.com/photo.jpg")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "image_url"]


def test_a_photo_that_cannot_be_decoded_completes_with_an_error(
    hub: HuggingFaceStandIn, session: requests.Session
) -> None:
    submitted = submit(hub, session, image_url="data:image/png;base64,AAAA")
    assert finished(hub, session, submitted).json()["error_type"] == "image_load_error"
    assert result(hub, session, submitted).status_code == 422


def test_without_sync_mode_the_result_is_a_url_that_needs_no_token(
    hub: HuggingFaceStandIn, session: requests.Session
) -> None:
    submitted = submit(hub, session, sync_mode=False)
    finished(hub, session, submitted)
    url = result(hub, session, submitted).json()["image"]["url"]
    assert url == f"{hub.url}/files/{submitted.json()['request_id']}.png"
    assert picture(requests.get(url, timeout=5).content).mode == "RGBA"
    assert not hub.requests[-1].token_sent


# The token


@pytest.mark.parametrize("authorization", [None, "Bearer hf_wrong", f"Key {TOKEN}", TOKEN])
def test_every_call_needs_the_token(hub: HuggingFaceStandIn, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    calls = [("POST", ENDPOINT), ("POST", SUBMIT), ("GET", "/fal-ai/fal-ai/bria/requests/1")]
    for method, path in calls:
        answer = requests.request(method, hub.url + path, params=QUEUE, headers=headers, timeout=5)
        assert answer.status_code == 401
        assert answer.json() == {"error": "Invalid credentials in Authorization header"}
    assert [request.authorized for request in hub.requests] == [False, False, False]


def test_a_rotated_token_replaces_the_old_one(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.rotate_token("hf_new")
    assert infer(hub, session).status_code == 401
    assert infer(hub, session, Authorization="Bearer hf_new").status_code == 200


def test_health_needs_no_token_and_is_not_recorded(hub: HuggingFaceStandIn) -> None:
    assert requests.get(hub.url + "/health", timeout=5).status_code == 200
    assert hub.requests == []

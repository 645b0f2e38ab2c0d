import io
import re
from urllib.parse import urljoin

import numpy as np
import pytest
import requests
from PIL import Image

from tests.e2e.caller import Caller, photo
from tests.e2e.conftest import SIGNUP_CREDITS
from tests.stack.local_stack import LocalStack


def test_a_photo_is_cut_out_within_the_request(caller: Caller) -> None:
    answer = caller.remove()
    job = answer.json()
    assert (answer.status_code, job["status"], job["credits"]) == (200, "completed", 3)
    cutout = Image.open(io.BytesIO(requests.get(job["result"]["url"], timeout=10).content))
    assert (cutout.mode, cutout.size) == ("RGBA", (64, 48))
    pixels, original = np.asarray(cutout), np.asarray(Image.open(io.BytesIO(photo())))
    opaque = pixels[..., 3] == 255
    assert opaque.any()
    assert not opaque.all()
    assert np.array_equal(pixels[..., :3][opaque], original[opaque])


@pytest.mark.parametrize(("tier", "price"), [("basic", 3), ("standard", 8), ("professional", 15), ("industry", 25)])
def test_each_tier_charges_its_price_once(caller: Caller, tier: str, price: int) -> None:
    assert caller.remove(tier=tier).json()["credits"] == price
    assert caller.balance() == (SIGNUP_CREDITS - price, 0)


@pytest.mark.parametrize(("tier", "dialect"), [("basic", ["infer"]), ("standard", ["submit", "poll", "result"])])
def test_each_model_is_asked_in_the_dialect_of_its_route(
    stack: LocalStack, caller: Caller, tier: str, dialect: list[str]
) -> None:
    caller.remove(tier=tier)
    assert list(dict.fromkeys(request.call for request in stack.hugging_face.requests)) == dialect


def test_a_raw_image_is_taken_with_its_tier_in_the_query(caller: Caller) -> None:
    answer = caller.http.post(
        f"{caller.routes}/remove?tier=basic", photo(kind="JPEG"), headers={"Content-Type": "image/jpeg"}, timeout=30
    )
    assert answer.json()["source"] == {
        "contentType": "image/jpeg",
        "width": 64,
        "height": 48,
        "size": len(photo(kind="JPEG")),
    }


def test_json_with_the_image_in_base64_is_taken(caller: Caller) -> None:
    import base64

    body = {"image": base64.b64encode(photo()).decode(), "tier": "basic", "fileName": "cat.png"}
    answer = caller.http.post(f"{caller.routes}/remove", json=body, timeout=30)
    assert (answer.status_code, answer.json()["fileName"]) == (200, "cat.png")


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_the_accept_header_gets_the_image_itself(caller: Caller, kind: str) -> None:
    answer = caller.remove(headers={"Accept": f"image/{kind}"}, background="#ff8800")
    image = Image.open(io.BytesIO(answer.content))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, f"image/{kind}")
    assert (image.format, image.size) == (kind.upper(), (64, 48))


def test_an_image_too_large_for_an_answer_is_a_redirect_to_it(caller: Caller) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1600, 2400, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=60)
    answer = caller.http.post(
        f"{caller.routes}/remove?tier=basic",
        buffer.getvalue(),
        headers={"Content-Type": "image/jpeg", "Accept": "image/png"},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 303
    image = Image.open(io.BytesIO(requests.get(answer.headers["Location"], timeout=10).content))
    assert image.size == (2400, 1600)


def test_a_repeat_with_the_same_idempotency_key_is_the_same_job_and_costs_nothing(caller: Caller) -> None:
    first = caller.remove(headers={"Idempotency-Key": "one"})
    again = caller.remove(headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json()["jobId"]) == (200, first.json()["jobId"])
    assert caller.balance() == (SIGNUP_CREDITS - 3, 0)


def test_the_same_photo_again_is_answered_from_the_finished_matte_at_no_cost(stack: LocalStack, caller: Caller) -> None:
    caller.remove()
    stack.hugging_face.forget_requests()

    again = caller.remove(format="webp")
    image = caller.remove(headers={"Accept": "image/png"})

    assert (again.status_code, again.json()["cached"], again.json()["credits"]) == (200, True, 0)
    assert image.headers["Cache-Status"] == "background-remover; hit"
    assert stack.hugging_face.requests == []
    assert caller.balance() == (SIGNUP_CREDITS - 3, 0)
    assert caller.remove(headers={"Cache-Control": "no-cache"}).json()["credits"] == 3


def test_a_finished_job_keeps_result_thumbnail_matte_and_photo(caller: Caller) -> None:
    job = caller.get(f"jobs/{caller.remove().json()['jobId']}").json()
    sizes = {
        name: Image.open(io.BytesIO(requests.get(job["result"][name], timeout=10).content)).format
        for name in ("url", "thumbnailUrl", "matteUrl", "photoUrl")
    }
    assert sizes == {"url": "PNG", "thumbnailUrl": "WEBP", "matteUrl": "PNG", "photoUrl": "PNG"}


def test_a_browser_saves_what_it_gets_by_a_link_under_the_photos_name(caller: Caller) -> None:
    job = caller.remove(fileName='K\u00e4tzchen "1".html').json()

    answers = [requests.get(job["result"][name], timeout=10) for name in ("url", "thumbnailUrl", "matteUrl")]

    assert [answer.headers["Content-Type"] for answer in answers] == ["image/png", "image/webp", "image/png"]
    assert [answer.headers["Content-Disposition"].partition("UTF-8")[0] for answer in answers] == [
        'attachment; filename="K_tzchen _1_.png"; filename*=',
        'attachment; filename="K_tzchen _1_-thumbnail.webp"; filename*=',
        'attachment; filename="K_tzchen _1_-matte.png"; filename*=',
    ]


def test_another_rendering_of_a_job_takes_no_inference_and_no_credits(stack: LocalStack, caller: Caller) -> None:
    job = caller.remove(tier="standard").json()
    stack.hugging_face.forget_requests()
    wanted = {"format": "webp", "background": "#ff8800", "maxSize": 40, "refinement": "basic"}

    answer = caller.post(f"jobs/{job['jobId']}/render", wanted)

    rendering = answer.json()["rendering"]
    image = Image.open(io.BytesIO(requests.get(rendering["url"], timeout=10).content))
    assert (answer.status_code, image.format, image.size) == (200, "WEBP", (40, 30))
    assert stack.hugging_face.requests == []
    assert caller.balance() == (SIGNUP_CREDITS - 8, 0)
    again = caller.post(f"jobs/{job['jobId']}/render", wanted).json()["rendering"]
    assert {**again, "url": "", "expiresAt": ""} == {**rendering, "url": "", "expiresAt": ""}
    assert caller.delete(f"jobs/{job['jobId']}").status_code == 204
    assert caller.files() == []


def test_the_accept_header_gets_a_rendering_itself(caller: Caller) -> None:
    job_id = caller.remove().json()["jobId"]
    url = f"{caller.routes}/jobs/{job_id}/render"

    answer = caller.http.post(url, json={"output": "matte"}, headers={"Accept": "image/png"}, timeout=30)

    image = Image.open(io.BytesIO(answer.content))
    assert (image.format, image.mode, image.size) == ("PNG", "L", (64, 48))
    described_by = re.fullmatch('<(.*)>; rel="describedby"', answer.headers["Link"])
    assert described_by
    assert urljoin(url, described_by[1]) == f"{caller.routes}/jobs/{job_id}"


def test_the_history_lists_jobs_newest_first_in_pages(caller: Caller) -> None:
    made = [caller.remove().json()["jobId"] for _ in range(3)]
    first = caller.get("jobs", limit=2).json()
    second = caller.get("jobs", limit=2, cursor=first["nextCursor"]).json()
    assert [job["jobId"] for job in first["jobs"] + second["jobs"]] == made[::-1]


def test_deleting_a_job_erases_its_files_and_keeps_the_ledger(caller: Caller) -> None:
    job_id = caller.remove().json()["jobId"]
    assert len(caller.files()) == 4
    assert caller.delete(f"jobs/{job_id}").status_code == 204
    assert caller.get(f"jobs/{job_id}").status_code == 404
    assert caller.files() == []
    assert caller.balance() == (SIGNUP_CREDITS - 3, 0)


def test_an_api_key_opens_the_same_account(stack: LocalStack, caller: Caller) -> None:
    key = stack.operate("create-api-key", "--user", caller.user.user_id)
    job_id = caller.remove().json()["jobId"]
    answer = requests.get(f"{caller.routes}/jobs/{job_id}", headers={"Authorization": f"Bearer {key}"}, timeout=10)
    assert answer.json()["jobId"] == job_id


def test_a_grant_counts_once_by_its_reference(stack: LocalStack, caller: Caller) -> None:
    for _ in range(2):
        stack.operate("grant", "--user", caller.user.user_id, "--credits", "70", "--reference", "invoice 1")
    assert caller.balance() == (SIGNUP_CREDITS + 70, 0)


def test_health_needs_no_token(stack: LocalStack) -> None:
    answer = requests.get(f"{stack.api_url}/api/health", timeout=10)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_a_browser_of_another_origin_may_call(caller: Caller) -> None:
    origin = {"Origin": "https://front.example", "Access-Control-Request-Method": "POST"}
    preflight = requests.options(f"{caller.routes}/remove", headers=origin, timeout=10)
    answer = caller.remove(headers={"Origin": "https://front.example"})
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://front.example")


def test_the_location_of_a_queued_job_resolves_against_the_request(caller: Caller) -> None:
    answer = caller.remove(headers={"Prefer": "respond-async"})
    status = caller.http.get(urljoin(f"{caller.routes}/remove", answer.headers["Location"]), timeout=10)
    assert status.json()["jobId"] == answer.json()["jobId"]

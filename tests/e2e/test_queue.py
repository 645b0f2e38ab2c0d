import pytest

from tests.bench.tenant import await_answer
from tests.e2e.caller import Caller
from tests.e2e.conftest import SIGNUP_CREDITS
from tests.stack.deploy import HUGGING_FACE_TOKEN
from tests.stack.hugging_face import Fault
from tests.stack.local_stack import LocalStack


def submits(stack: LocalStack) -> int:
    """Those with the token that counts now: after a rotation, a function that is still warm first tries the old one."""
    return sum(request.call == "submit" and request.authorized for request in stack.hugging_face.requests)


def test_prefer_respond_async_is_answered_at_once_and_delivered_by_the_worker(caller: Caller) -> None:
    answer = caller.remove(headers={"Prefer": "respond-async"})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert (answer.headers["Preference-Applied"], answer.headers["Retry-After"]) == ("respond-async", "3")
    assert caller.outcome(answer.json()["jobId"])["status"] == "completed"
    assert caller.balance() == (SIGNUP_CREDITS - 3, 0)


def test_a_model_that_is_cold_for_long_hands_the_job_to_the_queue(stack: LocalStack, caller: Caller) -> None:
    stack.hugging_face.play(Fault("cold_start", estimated_time=25.0))
    answer = caller.remove()
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert caller.balance() == (SIGNUP_CREDITS - 3, 3)


def test_a_model_that_is_cold_for_a_moment_is_waited_for(stack: LocalStack, caller: Caller) -> None:
    stack.hugging_face.play(Fault("cold_start", estimated_time=1.0))
    assert caller.remove().status_code == 200


def test_a_page_in_answer_to_a_submit_is_waited_out(stack: LocalStack, caller: Caller) -> None:
    stack.hugging_face.play(Fault("html_200", on="submit"))
    answer = caller.remove(tier="standard")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert caller.outcome(answer.json()["jobId"])["status"] == "completed"
    assert submits(stack) == 2


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault("unprocessable"), 422, "inference_refused"),
        (Fault("wrong_size", times=9), 502, "invalid_matte"),
        (Fault("truncated_matte", times=9), 502, "invalid_matte"),
        (Fault("empty_matte"), 422, "unknown_foreground"),
    ],
)
def test_a_job_that_hugging_face_fails_costs_nothing(
    stack: LocalStack, caller: Caller, fault: Fault, status: int, code: str
) -> None:
    stack.hugging_face.play(fault)
    answer = caller.remove()
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    job = caller.get(f"jobs/{answer.json()['jobId']}").json()
    assert (job["status"], job["credits"], job["error"]["code"]) == ("failed", 0, code)
    assert caller.balance() == (SIGNUP_CREDITS, 0)


@pytest.mark.parametrize("headers", [{}, {"Prefer": "respond-async"}], ids=["inline", "worker"])
def test_of_two_inferences_one_is_delivered_at_the_lesser_price(
    stack: LocalStack, caller: Caller, headers: dict[str, str]
) -> None:
    stack.hugging_face.play(Fault("unprocessable"))
    job = caller.outcome(caller.remove(tier="industry", headers=headers).json()["jobId"])
    assert (job["status"], job["tier"], job["deliveredTier"], job["credits"]) == (
        "completed",
        "industry",
        "professional",
        15,
    )
    assert job["quality"] == {"score": 100, "reasons": []}
    assert caller.get("jobs").json()["jobs"][0]["deliveredTier"] == "professional"
    assert caller.balance() == (SIGNUP_CREDITS - 15, 0)
    ledger = [(entry["kind"], entry["available"], entry["held"]) for entry in caller.get("credits").json()["ledger"]]
    assert ledger[:3] == [("release", 10, -10), ("capture", 0, -15), ("hold", -25, 25)]


def test_both_inferences_are_asked_for_with_the_photo_and_its_mirror_image(stack: LocalStack, caller: Caller) -> None:
    job = caller.remove(tier="industry").json()
    assert (job["status"], job["deliveredTier"], job["credits"]) == ("completed", "industry", 25)
    assert submits(stack) == 2


def test_a_rotated_token_is_picked_up_without_a_restart(stack: LocalStack, caller: Caller) -> None:
    assert caller.remove().status_code == 200
    secrets, name = stack.emulator.client("secretsmanager"), stack.outputs["HuggingFaceTokenSecretArn"]
    stack.hugging_face.rotate_token("hf_rotated")
    secrets.put_secret_value(SecretId=name, SecretString="hf_rotated")
    try:
        assert caller.remove(headers={"Cache-Control": "no-cache"}).status_code == 200
    finally:
        stack.hugging_face.rotate_token(HUGGING_FACE_TOKEN)
        secrets.put_secret_value(SecretId=name, SecretString=HUGGING_FACE_TOKEN)
        stack.start_anew()


def test_a_message_delivered_twice_is_worked_on_once(stack: LocalStack, caller: Caller) -> None:
    job_id = caller.remove(headers={"Prefer": "respond-async"}).json()["jobId"]
    stack.emulator.client("sqs").send_message(
        QueueUrl=stack.outputs["JobQueueUrl"],
        MessageBody=f'{{"userId": "{caller.user.user_id}", "jobId": "{job_id}"}}',
    )
    caller.outcome(job_id)
    assert caller.balance() == (SIGNUP_CREDITS - 3, 0)
    assert [entry["kind"] for entry in caller.get("credits").json()["ledger"]] == ["capture", "hold", "bonus"]


def test_who_drops_jobs_waits_for_the_worker_that_has_begun_one(stack: LocalStack, caller: Caller) -> None:
    stack.hugging_face.set_latency(1.0)
    job = caller.remove(headers={"Prefer": "respond-async"}).json()
    await_answer(lambda: stack.hugging_face.requests or None)
    stack.drop_jobs()
    assert stack.emulator.running() == 0
    assert caller.get(f"jobs/{job['jobId']}").json()["status"] == "completed"

"""Nothing in the functions' logs lets whoever reads them act as somebody, open a link or see a photo."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import requests

from tests.e2e.caller import Caller, photo
from tests.stack.hugging_face import Fault
from tests.stack.local_stack import LocalStack
from tests.stack.spilled import spilled


def logged(stack: LocalStack) -> Iterator[tuple[str, str]]:
    """Every line of every function since the stack was started."""
    pages = stack.emulator.client("logs").get_paginator("filter_log_events")
    for function, group in stack.log_groups().items():
        for page in pages.paginate(logGroupName=group):
            yield from ((function, line) for event in page["events"] for line in event["message"].splitlines())


def use_everything(stack: LocalStack, caller: Caller) -> None:
    """What goes well, what the caller does wrong, and what Hugging Face does."""
    job = caller.remove(tier="standard").json()
    requests.get(job["result"]["url"], timeout=10).raise_for_status()
    caller.post(f"jobs/{job['jobId']}/render", {"format": "webp"})
    caller.get("credits")
    key = caller.http.post(f"{caller.routes}/api-keys", json={"name": "anna@example.com"}, timeout=30).json()["key"]
    requests.get(f"{caller.routes}/jobs", headers={"Authorization": f"Bearer {key}"}, timeout=30)

    upload = caller.post("uploads", {"tier": "basic", "contentType": "image/png"}).json()
    form = upload["upload"]
    requests.post(form["url"], data=form["fields"], files={"file": photo()}, timeout=30).raise_for_status()
    caller.outcome(upload["jobId"])
    files = [("images", ("a.png", photo())), ("images", ("b.png", photo()))]
    batch = caller.http.post(f"{caller.routes}/batch", files=files, data={"tier": "basic"}, timeout=60).json()
    caller.batch_outcome(batch["batchId"])
    caller.get(f"batch/{batch['batchId']}/download")
    caller.pay("--credits", "5")

    for token in (key[:-2], caller.user.token[:-2]):
        requests.get(f"{caller.routes}/jobs", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    image = base64.b64encode(photo()).decode()
    caller.post("remove", {"tier": "basic", "image": image[:-3], "token": caller.user.token})
    caller.http.post(f"{caller.routes}/remove", data=image, headers={"Content-Type": "application/json"}, timeout=30)
    caller.remove(b"no photo")

    for fault in (Fault("error_200"), Fault("unprocessable"), Fault("not_base64")):
        stack.hugging_face.play(fault)
        caller.remove(headers={"Cache-Control": "no-cache"})


def test_no_log_holds_a_secret_a_link_an_address_or_a_photo(stack: LocalStack, caller: Caller) -> None:
    use_everything(stack, caller)

    lines = list(logged(stack))

    assert {"AuthorizeFunction", "RemoveFunction", "ProcessImageFunction", "WelcomeFunction"} <= {
        function for function, _ in lines
    }
    assert any(json.loads(line).get("code") == "inference_refused" for _, line in lines if line.startswith("{"))
    assert [(function, found) for function, line in lines if (found := spilled(line))] == []

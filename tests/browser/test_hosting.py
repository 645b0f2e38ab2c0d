"""The page is served as the template says, and may do what it has to and nothing else."""

import base64
import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, Response

from background_remover import __version__
from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import Person
from tests.browser.watch import Watch
from tests.e2e.caller import photo
from tests.stack.local_stack import LocalStack
from tests.template_yaml import RESOURCES

A_YEAR = "public, max-age=31536000, immutable"
SEND = """async ({form, base64}) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
    body.append("file", new Blob([Uint8Array.fromBase64(base64)]));
    const answer = await fetch(form.url, {method: "POST", body});
    return answer.status;
}"""


def opened(page: Page) -> Response:
    answer = page.goto("/")
    assert answer
    page.get_by_role("heading", level=1).wait_for()
    return answer


def headers_of_the_template(stack: LocalStack) -> dict[str, str]:
    policy = RESOURCES["PageHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    security = policy["SecurityHeadersConfig"]
    template, _ = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    return {
        "content-security-policy": re.sub(r"\$\{(Images|Users)\}", stack.emulator.url, template),
        "referrer-policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "strict-transport-security": f"max-age={security['StrictTransportSecurity']['AccessControlMaxAgeSec']}",
        "x-content-type-options": "nosniff",
        **{each["Header"].lower(): each["Value"] for each in policy["CustomHeadersConfig"]["Items"]},
    }


def test_the_page_comes_with_the_headers_of_the_template(page: Page, stack: LocalStack) -> None:
    answer = opened(page)

    headers = answer.all_headers()
    expected = headers_of_the_template(stack)
    assert {name: headers.get(name) for name in expected} == expected
    assert headers["cache-control"] == "no-cache"


def test_nobody_writes_into_the_page(stack: LocalStack) -> None:
    answers = [requests.request(method, f"{stack.page_url}/index.html", timeout=30) for method in ("PUT", "DELETE")]

    assert [answer.status_code for answer in answers] == [403, 403]


def test_the_libraries_come_from_the_stack_compressed_and_are_kept_for_a_year(page: Page, stack: LocalStack) -> None:
    opened(page)
    s3 = stack.emulator.client("s3")
    bucket = stack.resource("PageBucket")
    (preact,) = (
        item["Key"]
        for item in s3.list_objects_v2(Bucket=bucket)["Contents"]
        if item["Key"].endswith("/vendor/preact.module.js")
    )
    folder = preact.rpartition("/")[0]

    answer = requests.get(f"{stack.page_url}/{preact}", timeout=30)
    exported = page.evaluate(
        """async (folder) => {
            const names = ["preact", "hooks", "htm"];
            const modules = await Promise.all(names.map((name) => import(`/${folder}/${name}.module.js`)));
            const [{h, options}, {useState}, {default: htm}] = modules;
            return [htm.bind(h)`<p>${1}</p>`.type, typeof useState, typeof options];
        }""",
        folder,
    )

    assert exported == ["p", "function", "object"]
    assert (answer.headers["Cache-Control"], answer.headers["Content-Encoding"]) == (A_YEAR, "gzip")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"


def test_the_configuration_is_the_stacks(page: Page, stack: LocalStack) -> None:
    opened(page)

    config: dict[str, Any] = page.evaluate("fetch('/config.json').then((answer) => answer.json())")

    assert config == {
        "api": "/api/background-remover",
        "region": "us-east-1",
        "userPoolId": stack.outputs["UserPoolId"],
        "userPoolClientId": stack.outputs["UserPoolClientId"],
        "cognito": stack.emulator.url,
        "bucket": stack.emulator.url,
        "version": __version__,
        "commit": "uncommitted",
    }


@pytest.mark.parametrize(
    ("act", "directive"),
    [
        ("fetch('http://127.0.0.1:1/')", "connect-src"),
        ("new Promise((_, no) => { const i = new Image(); i.onerror = no; i.src = 'http://127.0.0.1:1/' })", "img-src"),
        ("import('http://127.0.0.1:1/a.js')", "script-src"),
        ("import('data:text/javascript,export default 1')", "script-src"),
    ],
    ids=["fetched", "shown", "run", "run from a data address"],
)
def test_what_is_anybody_elses_is_kept_back_by_the_policy(page: Page, watch: Watch, act: str, directive: str) -> None:
    opened(page)

    assert page.evaluate(f"{act}.then(() => 'loaded', () => 'refused')") == "refused"

    assert directive in " ".join(watch.take("Content Security Policy"))
    watch.asked = [request for request in watch.asked if not request.url.startswith("http://127.0.0.1:1/")]


def test_what_is_written_into_the_page_does_not_run(page: Page, watch: Watch) -> None:
    opened(page)

    page.evaluate("document.body.innerHTML = `<img src='data:,' onerror='window.ran = true'>`")
    page.wait_for_function("document.images[0].complete")

    assert page.evaluate("'ran' in window") is False
    assert "script-src" in " ".join(watch.take("Content Security Policy"))


def test_the_api_is_there_under_the_pages_own_origin(page: Page, person: Person) -> None:
    opened(page)

    answer: dict[str, Any] = page.evaluate(
        """(token) => fetch("/api/background-remover/credits", {headers: {Authorization: `Bearer ${token}`}})
            .then((answer) => answer.json())""",
        person.caller.user.token,
    )

    assert (answer["available"], answer["held"]) == person.caller.balance()


def test_without_a_token_the_api_answers_the_page_with_its_own_problem(page: Page, watch: Watch) -> None:
    opened(page)

    answer: list[Any] = page.evaluate(
        """fetch("/api/background-remover/credits").then(async (answer) => [answer.status, await answer.json()])"""
    )

    assert (answer[0], answer[1]["code"]) == (401, "unauthorized")
    watch.take("401")


def test_a_form_of_the_api_takes_a_file_from_the_page(page: Page, person: Person) -> None:
    opened(page)
    upload = person.caller.post("uploads", {"tier": "basic", "contentType": "image/png"}).json()

    status = page.evaluate(SEND, {"form": upload["upload"], "base64": base64.b64encode(photo()).decode()})

    assert status == 204
    assert person.caller.outcome(upload["jobId"])["status"] == "completed"


def test_a_result_is_shown_and_read_by_the_page(page: Page, person: Person) -> None:
    opened(page)
    url = person.caller.remove().json()["result"]["url"]

    read = page.evaluate(
        """async (url) => {
            const image = Object.assign(new Image(), {crossOrigin: "anonymous", src: url});
            await image.decode();
            const {size, type} = await (await fetch(url)).blob();
            return [image.naturalWidth, type, size > 0];
        }""",
        url,
    )

    assert read == [64, "image/png", True]


def test_a_user_signs_in_from_the_page(page: Page, person: Person) -> None:
    opened(page)

    challenge: dict[str, Any] = page.evaluate(
        """async (email) => {
            const {cognito, userPoolClientId} = await (await fetch("/config.json")).json();
            const answer = await fetch(cognito, {
                method: "POST",
                headers: {
                    "Content-Type": "application/x-amz-json-1.1",
                    "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
                },
                body: JSON.stringify({
                    ClientId: userPoolClientId,
                    AuthFlow: "USER_SRP_AUTH",
                    AuthParameters: {USERNAME: email, SRP_A: "ab".repeat(384)},
                }),
            });
            return answer.json();
        }""",
        person.email,
    )

    assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"


def test_axe_finds_nothing(page: Page) -> None:
    opened(page)
    assert_accessible(page)


def test_axe_finds_what_there_is_to_find(page: Page) -> None:
    opened(page)
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        assert_accessible(page)

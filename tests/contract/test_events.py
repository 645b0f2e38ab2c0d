"""Every file in events/ fits the function that it is for."""

import base64
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from PIL import Image
from pydantic import ValidationError

from background_remover import observability
from background_remover.domain.api_keys import api_key, digest
from background_remover.domain.credits import Balance
from background_remover.domain.jobs import JobStatus
from background_remover.gateways.billing_event import BILLING_EVENT
from background_remover.gateways.object_store import input_key, renders_prefix, result_key
from background_remover.use_cases.render import MOST_RENDERINGS
from tests.contract.deployment import (
    API_KEY,
    BATCH,
    JOB,
    KEY_ID,
    SIGNUP_CREDITS,
    USER,
    Deployment,
    event,
    message,
)
from tests.contract.template import API, CATCH_ALL, api_events
from tests.project import PROJECT

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

TRIGGERS_OF_THE_API = [
    *("remove", "upload", "batch", "show_batch", "cancel_batch", "download"),
    *("jobs", "job", "render", "delete_job", "credits"),
    *("subscription", "subscribe", "cancel_subscription", "pricing", "stats"),
    *("api_keys", "create_api_key", "delete_api_key"),
    *("removebg", "account"),
    *("webhooks", "create_webhook", "delete_webhook", "replace_webhook_secret"),
    *("test_webhook", "deliveries", "redeliver"),
    *("health", "openapi", "docs", "docs_asset"),
]


def test_the_key_of_authorize_json_lets_its_owner_in(deployment: Deployment) -> None:
    deployment.make_api_key()

    decision = deployment.invoke("AuthorizeFunction", event("authorize"))

    assert decision["context"] == {"userId": USER}
    (statement,) = decision["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == event("authorize")["methodArn"].partition("/live/")[0] + "/live/*"


def test_the_key_of_the_events_is_one_that_could_have_been_made() -> None:
    assert api_key(base64.urlsafe_b64decode(API_KEY.removeprefix("brp_") + "=")) == API_KEY
    assert digest(API_KEY) == KEY_ID


def test_a_key_that_nobody_made_is_refused(deployment: Deployment) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        deployment.invoke("AuthorizeFunction", event("authorize"))


def signing_in(**attributes: str) -> dict[str, Any]:
    sign_in = event("welcome")
    sign_in["request"]["userAttributes"] |= {"sub": "somebody-new", **attributes}
    return sign_in


def test_welcome_json_gives_a_new_user_credits_and_leaves_the_tokens_as_they_are(deployment: Deployment) -> None:
    sign_in = signing_in()

    assert deployment.invoke("WelcomeFunction", sign_in) == signing_in()
    assert deployment.ledger.existing_balance("somebody-new") == Balance(available=SIGNUP_CREDITS, held=0)


def test_an_address_that_is_not_verified_gets_no_credits(deployment: Deployment) -> None:
    deployment.invoke("WelcomeFunction", signing_in(email_verified="false"))

    assert deployment.ledger.existing_balance("somebody-new") is None


def test_no_fault_of_ours_keeps_anybody_from_signing_in(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    boto3.client("dynamodb").delete_table(TableName="CreditsTable")
    observability.logger.addHandler(caplog.handler)

    assert deployment.invoke("WelcomeFunction", signing_in()) == signing_in()
    assert "A sign-in could not be welcomed" in caplog.messages


def test_remove_json_gets_its_image_cut_out(deployment: Deployment) -> None:
    answer = deployment.invoke("RemoveFunction", event("remove"))

    assert answer["statusCode"] == 200, answer["body"]
    job = json.loads(answer["body"])
    assert (job["status"], job["tier"], job["fileName"]) == ("completed", "standard", "portrait.png")
    result = deployment.objects.get(result_key(deployment.jobs.get(USER, job["jobId"])))
    assert result
    assert Image.open(io.BytesIO(result)).size == (64, 64)


def test_removebg_json_gets_the_cut_out_itself(deployment: Deployment) -> None:
    deployment.make_api_key()

    answer = deployment.invoke("RemoveBgFunction", event("removebg"))

    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(base64.b64decode(answer["body"]))).size == (64, 64)


def test_account_json_shows_the_signup_credits(deployment: Deployment) -> None:
    deployment.make_api_key()

    answer = deployment.invoke("RemoveBgFunction", event("account"))

    assert json.loads(answer["body"])["data"]["attributes"]["credits"]["total"] == SIGNUP_CREDITS


def test_process_image_json_completes_the_job_that_it_names(deployment: Deployment) -> None:
    deployment.queue_job()

    assert deployment.invoke("ProcessImageFunction", event("process_image")) == {"batchItemFailures": []}
    assert deployment.jobs.get(USER, JOB).status is JobStatus.COMPLETED


def test_process_image_json_is_done_with_when_its_job_is_gone(deployment: Deployment) -> None:
    assert deployment.invoke("ProcessImageFunction", event("process_image")) == {"batchItemFailures": []}


def test_a_message_that_cannot_be_processed_fails_the_invocation_and_is_logged(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    """So that the worker's alarm counts it and an operator finds out why."""
    broken = event("process_image")
    broken["Records"][0]["body"] = "this is no job"
    observability.logger.addHandler(caplog.handler)
    with pytest.raises(RuntimeError, match="none of 1 jobs"):
        deployment.invoke("ProcessImageFunction", broken)
    assert "The job could not be processed" in caplog.messages


def test_upload_json_gets_a_form(deployment: Deployment) -> None:
    answer = deployment.invoke("UploadsFunction", event("upload"))

    assert answer["statusCode"] == 201
    assert json.loads(answer["body"])["upload"]["fields"]["Content-Type"] == "image/jpeg"


def test_batch_json_gets_a_form_for_each_file(deployment: Deployment) -> None:
    answer = json.loads(deployment.invoke("BatchFunction", event("batch"))["body"])

    assert [item["fileName"] for item in answer["items"]] == ["cat.jpg", "dog.png"]
    assert len({item["upload"]["fields"]["key"] for item in answer["items"]}) == 2


def test_on_upload_json_queues_the_job_that_it_names(deployment: Deployment) -> None:
    deployment.await_upload()

    deployment.invoke("OnUploadFunction", event("on_upload"))

    assert deployment.jobs.get(USER, JOB).status is JobStatus.QUEUED


def test_dropped_json_becomes_a_job_with_the_files_own_name(deployment: Deployment) -> None:
    deployment.ledger.balance(USER, datetime.now(UTC))
    drop = event("dropped")
    drop["Records"][0]["s3"]["object"]["eTag"] = deployment.drop()

    deployment.invoke("OnUploadFunction", drop)

    (job,), _ = deployment.jobs.page(USER, limit=10, cursor=None, status=None, tier=None)
    assert (job.status, job.tier, job.source.file_name) == (JobStatus.QUEUED, "basic", "my photo (1).png")


def test_a_batch_is_shown_assembled_and_downloaded_by_its_events(deployment: Deployment) -> None:
    for job in deployment.queue_batch(2):
        deployment.invoke("ProcessImageFunction", message("process_image", job))
    early = deployment.invoke("DownloadFunction", event("download"))

    deployment.invoke("AssembleZipFunction", event("assemble_zip"))

    assert (early["statusCode"], "Retry-After" in early["headers"]) == (409, True)
    shown = json.loads(deployment.invoke("BatchFunction", event("show_batch"))["body"])
    assert (shown["status"], shown["zipReady"], len(shown["items"])) == ("completed", True, 2)
    download = deployment.invoke("DownloadFunction", event("download"))
    assert (download["statusCode"], json.loads(download["body"])["zipSize"] > 0) == (200, True)


def test_cancel_batch_json_gives_the_credits_back(deployment: Deployment) -> None:
    deployment.queue_batch(2)

    answer = json.loads(deployment.invoke("BatchFunction", event("cancel_batch"))["body"])

    assert (answer["status"], answer["credits"]["released"]) == ("cancelled", 16)


def test_reconcile_json_expires_an_upload_that_did_not_come(deployment: Deployment) -> None:
    deployment.await_upload(age=timedelta(hours=1))

    deployment.invoke("ReconcileFunction", event("reconcile"))

    assert deployment.jobs.get(USER, JOB).status is JobStatus.EXPIRED


def test_dead_letter_json_fails_its_job_and_gives_the_credits_back(deployment: Deployment) -> None:
    deployment.queue_job()

    assert deployment.invoke("ReconcileFunction", event("dead_letter")) == {"batchItemFailures": []}

    failure = deployment.jobs.get(USER, JOB).failure
    assert failure
    assert failure.code == "abandoned"
    assert deployment.ledger.balance(USER, datetime.now(UTC)).held == 0


def test_audit_json_has_a_balance_that_differs_named_and_counted(
    deployment: Deployment, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.queue_job()
    deployment.invoke("AuditFunction", event("audit"))
    assert "LedgerDiffers" not in capsys.readouterr().out
    balance = {"pk": {"S": USER}, "sk": {"S": "balance"}, "available": {"N": "41"}, "held": {"N": "8"}}
    boto3.client("dynamodb").put_item(TableName="CreditsTable", Item=balance)
    observability.logger.addHandler(caplog.handler)

    deployment.invoke("AuditFunction", event("audit"))

    told = {name: value for each in caplog.records if each.levelname == "ERROR" for name, value in vars(each).items()}
    assert (told["user_id"], told["subject"], told["figure"]) == (USER, "balance", "available")
    assert (told["stated"], told["reckoned"]) == (41, 42)
    assert '"LedgerDiffers":[1.0]' in capsys.readouterr().out


def test_jobs_json_lists_the_users_jobs(deployment: Deployment) -> None:
    deployment.queue_job()

    answer = deployment.invoke("JobsFunction", event("jobs"))

    assert answer["statusCode"] == 200
    assert [job["jobId"] for job in json.loads(answer["body"])["jobs"]] == [JOB]


def test_job_json_shows_its_job(deployment: Deployment) -> None:
    deployment.queue_job()

    answer = deployment.invoke("JobsFunction", event("job"))

    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, "queued")


def test_job_json_is_404_without_its_job(deployment: Deployment) -> None:
    answer = deployment.invoke("JobsFunction", event("job"))

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "job_not_found")


def test_render_json_gets_another_rendering_of_its_job(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.invoke("ProcessImageFunction", event("process_image"))

    answer = deployment.invoke("RenderFunction", event("render"))

    assert answer["statusCode"] == 200, answer["body"]
    rendering = json.loads(answer["body"])["rendering"]
    assert (rendering["contentType"], max(rendering["width"], rendering["height"])) == ("image/jpeg", 48)


def test_render_json_is_refused_in_the_words_of_the_document(deployment: Deployment) -> None:
    def refusal() -> tuple[int, str]:
        answer = deployment.invoke("RenderFunction", event("render"))
        return answer["statusCode"], json.loads(answer["body"])["code"]

    refusals = [refusal()]
    job = deployment.queue_job()
    refusals.append(refusal())
    deployment.invoke("ProcessImageFunction", event("process_image"))
    for number in range(MOST_RENDERINGS):
        deployment.objects.put(f"{renders_prefix(job)}{number}.png", b"a rendering", "image/png")
    refusals.append(refusal())
    deployment.objects.delete([input_key(job), *deployment.objects.sizes(renders_prefix(job))])
    refusals.append(refusal())

    assert refusals == [
        (404, "job_not_found"),
        (409, "nothing_to_render"),
        (409, "too_many_renderings"),
        (410, "rendering_expired"),
    ]


def test_delete_job_json_erases_its_job(deployment: Deployment) -> None:
    deployment.queue_job()

    assert deployment.invoke("JobsFunction", event("delete_job"))["statusCode"] == 204
    assert deployment.invoke("JobsFunction", event("job"))["statusCode"] == 404


def test_credits_json_shows_the_signup_credits(deployment: Deployment) -> None:
    answer = deployment.invoke("CreditsFunction", event("credits"))

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["available"] == SIGNUP_CREDITS


def test_payment_succeeded_json_adds_its_credits_and_payment_refunded_json_takes_them_back(
    deployment: Deployment,
) -> None:
    deployment.invoke("OnBillingEventFunction", event("payment_succeeded"))
    paid = deployment.ledger.balance(USER, datetime.now(UTC)).available

    deployment.invoke("OnBillingEventFunction", event("payment_refunded"))

    assert (paid, deployment.ledger.balance(USER, datetime.now(UTC)).available) == (
        SIGNUP_CREDITS + 500,
        SIGNUP_CREDITS,
    )


def test_subscribe_json_uses_the_payment_of_plan_paid_json(deployment: Deployment) -> None:
    deployment.invoke("OnBillingEventFunction", event("plan_paid"))

    made = deployment.invoke("SubscriptionFunction", event("subscribe"))
    shown = deployment.invoke("SubscriptionFunction", event("subscription"))
    cancelled = deployment.invoke("SubscriptionFunction", event("cancel_subscription"))

    assert [answer["statusCode"] for answer in (made, shown, cancelled)] == [200, 200, 200]
    assert json.loads(shown["body"])["subscription"]["plan"] == "starter"
    assert json.loads(cancelled["body"])["subscription"]["cancelled"] is True


def test_pricing_json_is_told_what_its_images_cost(deployment: Deployment) -> None:
    answer = deployment.invoke("PricingFunction", event("pricing"))

    assert json.loads(answer["body"])["finalPrice"] == 95


def test_stats_json_shows_what_became_of_jobs(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.invoke("ProcessImageFunction", event("process_image"))

    answer = json.loads(deployment.invoke("StatsFunction", event("stats"))["body"])

    assert (answer["total"], answer["byStatus"]["completed"], answer["creditsSpent"]) == (1, 1, 8)


@pytest.mark.parametrize(
    "change",
    [
        {"detail-type": "payment.lost"},
        {"detail": {"paymentId": "p", "userId": USER, "bought": {"kind": "credits", "credits": -5}}},
        {"detail": {"paymentId": "p", "userId": USER, "bought": {"kind": "plan", "plan": "gold"}}},
        {"detail": {"paymentId": "p", "userId": "no/slash", "bought": {"kind": "credits", "credits": 5}}},
        {"detail": {"userId": USER, "bought": {"kind": "credits", "credits": 5}}},
    ],
)
def test_a_billing_event_that_does_not_fit_the_schema_fails_so_that_it_becomes_a_dead_letter(
    deployment: Deployment, change: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        deployment.invoke("OnBillingEventFunction", event("payment_succeeded") | change)


def test_the_published_schema_of_billing_events_is_that_of_the_code() -> None:
    published = json.loads((PROJECT / "docs/billing-events.schema.json").read_text())
    assert published == BILLING_EVENT.json_schema()


def test_create_api_key_json_makes_a_key_that_lets_its_owner_in(deployment: Deployment) -> None:
    answer = deployment.invoke("ApiKeysFunction", event("create_api_key"))

    made = json.loads(answer["body"])
    assert (answer["statusCode"], made["name"], made["prefix"]) == (201, "photo import", made["key"][:12])
    decision = deployment.invoke(
        "AuthorizeFunction", event("authorize") | {"authorizationToken": f"Bearer {made['key']}"}
    )
    assert decision["context"] == {"userId": USER}


def test_api_keys_json_lists_the_users_keys_without_the_keys_themselves(deployment: Deployment) -> None:
    deployment.make_api_key()

    answer = deployment.invoke("ApiKeysFunction", event("api_keys"))

    (listed,) = json.loads(answer["body"])["apiKeys"]
    assert (listed["keyId"], listed["name"], listed["lastUsedAt"]) == (KEY_ID, "sam local", None)
    assert API_KEY not in answer["body"]


def test_delete_api_key_json_makes_its_key_worthless(deployment: Deployment) -> None:
    deployment.make_api_key()

    assert deployment.invoke("ApiKeysFunction", event("delete_api_key"))["statusCode"] == 204

    with pytest.raises(Exception, match=r"^Unauthorized$"):
        deployment.invoke("AuthorizeFunction", event("authorize"))


def test_health_json_is_answered_with_ok(deployment: Deployment) -> None:
    answer = deployment.invoke("HealthFunction", event("health"))

    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, "ok")


def test_openapi_json_is_answered_with_the_document(deployment: Deployment) -> None:
    answer = deployment.invoke("DocsFunction", event("openapi"))

    assert json.loads(answer["body"])["openapi"].startswith("3.1.")


def test_docs_json_is_answered_with_the_page(deployment: Deployment) -> None:
    answer = deployment.invoke("DocsFunction", event("docs"))

    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_docs_asset_json_is_answered_with_the_style_sheet(deployment: Deployment) -> None:
    answer = deployment.invoke("DocsFunction", event("docs_asset"))

    assert (answer["statusCode"], ".swagger-ui" in answer["body"]) == (200, True)


def test_preflight_json_is_told_which_methods_there_are(deployment: Deployment) -> None:
    answer = deployment.invoke("FallbackFunction", event("preflight"))

    assert (answer["statusCode"], answer["headers"]["Access-Control-Allow-Methods"]) == (204, "GET")
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://example.com"


def test_there_is_an_event_for_each_trigger_and_no_other() -> None:
    others = {"on_upload", "dropped", "process_image", "assemble_zip", "reconcile", "dead_letter", "audit"}
    others |= {"payment_succeeded", "plan_paid", "payment_refunded", "smoke_test", "welcome"}
    others |= {"deliver_webhook"}  # test_webhook_routes.py
    others |= {"publish_page"}  # test_page.py
    others |= {"fetch_image"}  # test_images_by_url.py
    triggers = {*TRIGGERS_OF_THE_API, "preflight", "authorize", *others}
    assert {file.stem for file in (PROJECT / "events").iterdir()} == triggers


def test_the_events_of_the_api_are_its_routes() -> None:
    requests = [event(name) for name in TRIGGERS_OF_THE_API]
    routes = {route for _, route, _ in api_events() if not route.startswith("OPTIONS") and route != CATCH_ALL}
    assert {f"{request['httpMethod']} {request['resource']}" for request in requests} == routes


@pytest.mark.parametrize("name", [*TRIGGERS_OF_THE_API, "preflight"])
def test_an_event_of_the_api_agrees_with_itself(name: str) -> None:
    request = event(name)
    context = request["requestContext"]
    parameters = request["pathParameters"] or {}
    assert parameters.get("jobId", JOB) == JOB
    assert parameters.get("batchId", BATCH) == BATCH
    assert parameters.get("keyId", KEY_ID) == KEY_ID
    assert request["path"] == request["resource"].format(**parameters)
    assert context["path"] == f"/{API['StageName']}{request['path']}"
    assert (context["resourcePath"], context["httpMethod"]) == (request["resource"], request["httpMethod"])
    assert request["multiValueHeaders"] == {header: [value] for header, value in request["headers"].items()}


def test_process_image_json_comes_from_the_queues_own_writer() -> None:
    (record,) = event("process_image")["Records"]
    assert json.loads(record["body"]) == {"userId": USER, "jobId": JOB}
    assert record["attributes"]["MessageGroupId"] == USER

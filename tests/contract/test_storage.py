"""Tables, bucket and queues: what is kept is encrypted, private, and retired."""

from typing import Any

import pytest

from tests.contract.template import FUNCTIONS, PARAMETERS, RESOURCES, properties_of

TABLES = properties_of("AWS::DynamoDB::Table")
BUCKETS = properties_of("AWS::S3::Bucket")
QUEUES = properties_of("AWS::SQS::Queue")


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_encrypted_and_protected_on_request(table: str) -> None:
    protected = {"Fn::If": ["DataIsProtected", True, False]}
    assert TABLES[table]["SSESpecification"] == {"SSEEnabled": True}
    assert TABLES[table]["DeletionProtectionEnabled"] == protected
    assert TABLES[table]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": protected}


def test_jobs_retire_by_the_attribute_that_the_code_writes() -> None:
    assert TABLES["JobsTable"]["TimeToLiveSpecification"] == {"AttributeName": "retireAt", "Enabled": True}


def test_money_never_retires() -> None:
    assert "TimeToLiveSpecification" not in TABLES["CreditsTable"]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_encrypted_and_not_public(bucket: str) -> None:
    (rule,) = BUCKETS[bucket]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert set(BUCKETS[bucket]["PublicAccessBlockConfiguration"].items()) == {
        ("BlockPublicAcls", True),
        ("BlockPublicPolicy", True),
        ("IgnorePublicAcls", True),
        ("RestrictPublicBuckets", True),
    }


def test_each_kind_of_file_is_deleted_in_its_time() -> None:
    rules = BUCKETS["ImagesBucket"]["LifecycleConfiguration"]["Rules"]
    assert all(rule["Status"] == "Enabled" for rule in rules)
    assert {"DaysAfterInitiation": 1} in [rule.get("AbortIncompleteMultipartUpload") for rule in rules]
    assert {rule["Prefix"]: rule["ExpirationInDays"]["Ref"] for rule in rules if "Prefix" in rule} == {
        "dropbox/": "InputRetentionDays",
        "zips/": "InputRetentionDays",
        "inputs/": "InputRetentionDays",
        "backdrops/": "InputRetentionDays",
        "mattes/": "InputRetentionDays",
        "renders/": "InputRetentionDays",
        "results/": "JobRetentionDays",
        "thumbnails/": "JobRetentionDays",
    }


def test_who_has_a_link_or_a_form_may_use_it_from_any_page_and_do_nothing_else() -> None:
    (rule,) = BUCKETS["ImagesBucket"]["CorsConfiguration"]["CorsRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (["*"], ["GET", "POST"])


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_encrypted_and_keeps_messages_as_long_as_sqs_can(queue: str) -> None:
    assert QUEUES[queue]["SqsManagedSseEnabled"] is True
    assert QUEUES[queue]["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize(
    ("queue", "function"),
    [
        ("JobQueue", "ProcessImageFunction"),
        ("ArchiveQueue", "AssembleZipFunction"),
        ("JobDeadLetterQueue", "ReconcileFunction"),
    ],
)
def test_a_message_stays_hidden_for_six_times_as_long_as_its_function_may_run(queue: str, function: str) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    assert QUEUES[queue]["VisibilityTimeout"] >= 6 * FUNCTIONS[function]["Timeout"]


# A worker that dies takes up to nine innocent messages with it, so that a job has more tries than an archive.
@pytest.mark.parametrize(("queue", "tries"), [("JobQueue", 5), ("ArchiveQueue", 3)])
def test_what_cannot_be_processed_lands_in_the_dead_letter_queue(queue: str, tries: int) -> None:
    assert QUEUES[queue]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": "JobDeadLetterQueue.Arn"},
        "maxReceiveCount": tries,
    }


def test_the_worker_reports_which_messages_failed() -> None:
    trigger = FUNCTIONS["ProcessImageFunction"]["Events"]["Queue"]
    assert trigger["Type"] == "SQS"
    assert trigger["Properties"]["Queue"] == {"Fn::GetAtt": "JobQueue.Arn"}
    assert trigger["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_bucket_and_queues_refuse_plain_http_unless_told_otherwise() -> None:
    assert PARAMETERS["RequireTls"]["Default"] == "true"
    for name, target in (("ImagesBucketPolicy", "Bucket"), ("QueuesPolicy", "Queues")):
        policy = RESOURCES[name]
        assert policy["Condition"] == "TlsIsRequired"
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        # A queue has one policy, and that of the billing events' dead letters lets EventBridge in as well.
        queues = set(QUEUES) - {"BillingDeadLetterQueue"}
        # So has the page's bucket: test_page.py.
        assert referred(policy["Properties"][target]) == ({"ImagesBucket"} if target == "Bucket" else queues)


def test_eventbridge_may_send_dead_letters_and_nobody_over_plain_http() -> None:
    policy = RESOURCES["BillingDeadLetterQueuePolicy"]["Properties"]
    allowed, denied = policy["PolicyDocument"]["Statement"]
    assert referred(policy["Queues"]) == {"BillingDeadLetterQueue"}
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert set(allowed["Condition"]["ArnLike"]) == {"aws:SourceArn"}
    condition, tls_only, _ = denied["Fn::If"]
    assert (condition, tls_only["Effect"], tls_only["Principal"]) == ("TlsIsRequired", "Deny", "*")
    assert tls_only["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def referred(value: Any) -> set[str]:
    return {each["Ref"] for each in (value if isinstance(value, list) else [value])}

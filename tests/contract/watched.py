"""What CloudWatch would know of a deployment in this process: what its functions write, and what AWS counts of them."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import boto3
import pytest

from tests.contract.deployment import Deployment, event
from tests.contract.template import GLOBAL
from tests.emf import Series, series_in

NAMESPACE = GLOBAL["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
STACK = ("service", "AWS::StackName")
API = frozenset({("ApiName", "AWS::StackName"), ("Stage", "live")})


class Watched:
    """While a period goes on."""

    def __init__(self, deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
        self.deployment = deployment
        self._capsys = capsys
        self._written: list[str] = []
        self._counted: defaultdict[Series, list[float]] = defaultdict(list)

    def metrics(self) -> Mapping[Series, Sequence[float]]:
        self._written += self._capsys.readouterr().out.splitlines()
        return {**series_in(self._written), **self._counted}

    def total(self, name: str, *dimensions: tuple[str, str]) -> float:
        return sum(self.metrics().get((NAMESPACE, name, frozenset([STACK, *dimensions])), []))

    def remove(self, times: int = 1) -> None:
        """The same photo, each time by an inference."""
        asked = event("remove")
        asked["headers"] |= {"Cache-Control": "no-cache"}
        for _ in range(times):
            self.deployment.invoke("RemoveFunction", asked)

    def note(self, name: str, value: float) -> None:
        """What a function would have written of a photo that no test can wait for."""
        self._written.append(
            json.dumps(
                {
                    "_aws": {
                        "CloudWatchMetrics": [
                            {"Namespace": NAMESPACE, "Dimensions": [["service"]], "Metrics": [{"Name": name}]}
                        ]
                    },
                    "service": STACK[1],
                    name: value,
                }
            )
        )

    # ---- what AWS counts ---------------------------------------------------------------------------------

    def invoke(self, function: str, sent: dict[str, Any]) -> Any:
        """None where the invocation fails; Lambda counts it by function, and by the version that ran.

        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        """
        try:
            return self.deployment.invoke(function, sent)
        except Exception:
            whole = {("FunctionName", function)}
            version = {("Resource", f"${{{function}}}:live"), ("ExecutedVersion", f"{function}.Version.Version")}
            for dimensions in (whole, whole | version):
                self._counted["AWS/Lambda", "Errors", frozenset(dimensions)].append(1.0)
            return None

    def request(self, function: str, sent: dict[str, Any]) -> None:
        """API Gateway answers 502 where the function fails."""
        answer = self.invoke(function, sent)
        if answer is None or answer["statusCode"] >= 500:
            self._counted["AWS/ApiGateway", "5XXError", API].append(1.0)

    def look_at_queue(self, queue: str, now: datetime) -> None:
        """As SQS does each minute. Of a message that nobody has received yet."""
        sqs = boto3.client("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        messages = sqs.receive_message(
            QueueUrl=url, MessageSystemAttributeNames=["SentTimestamp"], MaxNumberOfMessages=10, VisibilityTimeout=0
        ).get("Messages", [])
        dimensions = frozenset({("QueueName", f"{queue}.QueueName")})
        ages = [now.timestamp() - int(each["Attributes"]["SentTimestamp"]) / 1000 for each in messages]
        self._counted["AWS/SQS", "ApproximateNumberOfMessagesVisible", dimensions].append(float(len(messages)))
        self._counted["AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions].append(max(ages, default=0.0))

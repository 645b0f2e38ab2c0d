"""The AWS emulator: a process of its own, in an environment of its own, on loopback, enforcing IAM."""

import json
import os
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from tests.stack import processes

PYTHON = Path(".cache/emulator/bin/python")
# By its name `processes.stop` knows it again.
PROGRAM = Path(__file__).with_name("emulated_aws.py")
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Metered:
    """`calls` by service and operation, of S3 by method: `dynamodb:GetItem`, `s3:PUT`. The units are DynamoDB's."""

    calls: Counter[str]
    read_units: float
    write_units: float


class Emulator:
    """`url` is its one endpoint for every service."""

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self, folder: Path, page_port: int | None = None, page_certificate: Path | None = None) -> int:
        """Starts it with its files under `folder`; returns its pid once it answers.

        At `page_port` it is CloudFront, for browsers: by HTTPS if there is a certificate.
        """
        log, address = folder / "emulator.log", urlsplit(self.url)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "GATEWAY_PORT": str(address.port),
            **({"PAGE_PORT": str(page_port)} if page_port else {}),
            **({"PAGE_CERTIFICATE": str(page_certificate)} if page_certificate else {}),
            "BIND_HOST": str(address.hostname),
            "MINISTACK_HOST": str(address.hostname),
            "AUTH": "true",
            "LOG_LEVEL": "WARNING",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        # -P: this folder's modules are none of the emulator's.
        command: list[str | Path] = [PYTHON.absolute(), "-P", PROGRAM]
        pid = processes.start(command, environment=environment, folder=folder, log=log)
        processes.await_answer(f"{self.url}/_ministack/health", pid=pid, log=log)
        return pid

    @property
    def credentials(self) -> dict[str, str]:
        """What makes AWS tools talk to it as its root user; the functions get keys of their own roles instead."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
        }

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]  # the service's name is not a literal here
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def mails(self, to: str) -> list[str]:
        """The texts that the user pool sent to an address, oldest first."""
        with urllib.request.urlopen(f"{self.url}/_ministack/ses/messages", timeout=10) as answer:
            accounts = json.load(answer)["messages"].values()
        return [mail["BodyText"] for account in accounts for mail in account if mail["To"] == [to]]

    def metered(self) -> Metered:
        """What AWS would have billed since `forget_metered`, besides Lambda."""
        with urllib.request.urlopen(f"{self.url}/_meter", timeout=10) as answer:
            body = json.load(answer)
        return Metered(Counter(body["calls"]), read_units=body["readUnits"], write_units=body["writeUnits"])

    def forget_metered(self) -> None:
        request = urllib.request.Request(f"{self.url}/_meter", method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()

    def begin_accidents(self, shares: dict[str, float], *, seed: int, longest_delay: float) -> None:
        """Lets happen what `aws_accidents` has, in these shares; the root user is spared."""
        self._play("begin", shares=shares, seed=seed, longest_delay=longest_delay)

    def cease_accidents(self) -> None:
        self._play("cease")

    def accidents(self) -> Counter[str]:
        """How often each has happened."""
        return Counter(self._play(None))

    def running(self) -> int:
        """How many functions are at work."""
        return int(self._play("running"))

    def start_anew(self, *functions: str) -> None:
        """The next invocation of these functions is a cold start."""
        self._play("start anew", functions=functions)

    def an_hour_later(self) -> None:
        """Delays and visibility time-outs of messages are over."""
        self._play("an hour later")

    def _play(self, do: str | None, **wanted: Any) -> Any:
        body = json.dumps({"do": do, **wanted}).encode() if do else None
        request = urllib.request.Request(f"{self.url}/_accidents", body, method="POST" if do else "GET")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def publish_gateway_responses(self, stack: str) -> None:
        """Gives the API the gateway responses of its template.

        API Gateway imports them with the API's definition; the emulator knows them, but leaves them out of the import.
        """
        template = self.client("cloudformation").get_template(StackName=stack, TemplateStage="Processed")[
            "TemplateBody"
        ]
        resources = (template if isinstance(template, dict) else json.loads(template))["Resources"]
        definition = resources["Api"]["Properties"]["Body"]
        gateway = self.client("apigateway")
        (api,) = (each["id"] for each in gateway.get_rest_apis()["items"] if each["name"] == stack)
        for kind, response in definition["x-amazon-apigateway-gateway-responses"].items():
            gateway.put_gateway_response(restApiId=api, responseType=kind, **response)
        gateway.create_deployment(restApiId=api, stageName="live")

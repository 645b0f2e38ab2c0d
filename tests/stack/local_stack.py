"""The whole product on this machine: emulator, Hugging Face stand-in, and template.yaml deployed as anywhere else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import trustme

from background_remover.domain.tiers import Model
from tests.project import PROJECT
from tests.stack import processes
from tests.stack.deploy import HUGGING_FACE_TOKEN, deploy
from tests.stack.emulator import PROGRAM, Emulator
from tests.stack.hugging_face import StandInControl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

STACK = "background-remover"
PASSWORD = "A-local-password-1"


@dataclass(frozen=True, slots=True)
class User:
    user_id: str
    token: str


@dataclass(frozen=True, slots=True)
class RunningStack:
    """What is needed to find a running stack again. Folders and pids are this machine's."""

    folder: str
    emulator_url: str
    emulator_pid: int
    page_url: str
    stand_in_url: str
    stand_in_pid: int


class LocalStack:
    """Use it in a `with`; or `start`, keep `running`, and `stop` it later from another process."""

    def __init__(self, running: RunningStack) -> None:
        self.running = running
        self.emulator = Emulator(running.emulator_url)
        self.hugging_face = StandInControl(running.stand_in_url)
        description = self.emulator.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}
        self.page_url = running.page_url
        self.api_url = f"{self.emulator.url}/_aws/execute-api/{self.outputs['ApiId']}/live"

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        parameters: dict[str, str] | None = None,
        real_model: bool = True,
        page_by_https: bool = False,
    ) -> Self:
        """Starts and deploys, with files and logs in `folder`. `parameters` override the template's.

        Without the real model, the stand-in answers at once with an ellipse. By HTTPS, browsers speak HTTP/2 to the
        page, as to CloudFront; its certificate is one that nobody knows.
        """
        processes.exit_when_told_to()
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        emulator = Emulator(f"http://{host}:{processes.free_port(host)}")
        started = []
        try:
            page_port = processes.free_port(host)
            certificate = _certificate(folder / "page.pem", host) if page_by_https else None
            started.append(emulator.start(folder, page_port, certificate))
            stand_in_url, stand_in_pid = _start_stand_in(folder, host, real_model=real_model)
            started.append(stand_in_pid)
            deploy(emulator, stand_in_url, folder, parameters or {})
            emulator.publish_gateway_responses(STACK)
            running = RunningStack(
                folder=str(folder),
                emulator_url=emulator.url,
                emulator_pid=started[0],
                page_url=f"{'https' if page_by_https else 'http'}://{host}:{page_port}",
                stand_in_url=stand_in_url,
                stand_in_pid=stand_in_pid,
            )
            stack = cls(running)
            # Each is a process whose cold start takes a processor.
            at_once = {"MaximumConcurrency": max(2, os.cpu_count() or 2)}
            stack._update_queue_trigger("ProcessImageFunction", ScalingConfig=at_once)
            return stack
        except BaseException:
            for pid in started:
                processes.stop(pid, "")
            _remove_unpacked_functions(folder)
            raise

    def stop(self) -> None:
        stop(self.running)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def sign_up(self, email: str) -> User:
        """A new user of the stack's own user pool, signed in."""
        cognito = self.emulator.client("cognito-idp")
        pool, client = self.outputs["UserPoolId"], self.outputs["UserPoolClientId"]
        verified = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(UserPoolId=pool, Username=email, UserAttributes=verified, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
        tokens = cognito.initiate_auth(
            ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        attributes = cognito.get_user(AccessToken=tokens["AccessToken"])["UserAttributes"]
        subject = next(attribute["Value"] for attribute in attributes if attribute["Name"] == "sub")
        return User(user_id=subject, token=tokens["AccessToken"])

    def code_for(self, email: str) -> str:
        """What the user pool wrote to that address last: it signs up or forgot its password."""
        sent = self.emulator.mails(email)[-1]
        return sent.removeprefix("Your verification code is ").removesuffix(".")

    def drop_jobs(self) -> None:
        """Empties the queue and waits for the functions that have begun, so that nothing more is asked for their jobs.

        Raises `TimeoutError` where that takes more than a minute.
        """
        sqs, url = self.emulator.client("sqs"), self.outputs["JobQueueUrl"]
        counts = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
        deadline, quiet_looks = time.monotonic() + 60, 1
        while time.monotonic() < deadline:
            # Functions before messages: one that has ended by now has sent its messages already.
            running = self.emulator.running()
            left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
            if not running and not any(map(int, left.values())):
                quiet_looks -= 1
                if quiet_looks == 0:
                    return
            else:
                # As in AWS, this takes the messages that are being worked on as well, or are just about to be.
                sqs.purge_queue(QueueUrl=url)
                quiet_looks = 2
            time.sleep(0.05)
        raise TimeoutError(f"{running} functions are at work, and messages are left: {left}")

    def forget_failures(self) -> None:
        """What Hugging Face failed to do before keeps nobody from asking it, nor from asking it twice.

        The breakers forget it, and containers, which remember what they have seen and repeated, start anew.
        """
        dynamodb, table = self.emulator.client("dynamodb"), self.resource("JobsTable")
        keys = [{"pk": {"S": f"model#{model}"}, "sk": {"S": "breaker"}} for model in Model]
        forgotten = [dynamodb.delete_item(TableName=table, Key=key, ReturnValues="ALL_OLD") for key in keys]
        if any("Attributes" in each for each in forgotten):
            self.start_anew()

    def start_anew(self) -> None:
        """What asks Hugging Face remembers no breaker, no repeats, and no token, which is read once a minute."""
        functions = self.functions()
        self.emulator.start_anew(*(functions[f"{name}Function"] for name in ("Remove", "RemoveBg", "ProcessImage")))

    def operate(self, *arguments: str) -> str:
        """Runs the operator's command against this stack; returns what it prints."""
        layers = os.pathsep.join(str(PROJECT / "layers" / layer) for layer in ("core", "imaging"))
        return subprocess.run(
            [sys.executable, "-m", "background_remover.operations", "--stack", STACK, *arguments],
            env={**os.environ, "PYTHONPATH": layers, **self.emulator.credentials},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def function_environments(self) -> dict[str, dict[str, str]]:
        """The environment of each deployed function by its name in the template, as `sam local --env-vars` takes it."""
        lambdas = self.emulator.client("lambda")
        return {
            name: lambdas.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
            for name, function in self.functions().items()
        }

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Runs a function by its name in the template and returns its answer. Raises `RuntimeError` if it raised."""
        answer = self.emulator.client("lambda").invoke(FunctionName=self.resource(function), Payload=json.dumps(event))
        payload = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise RuntimeError(f"{function} raised {payload}")
        return json.loads(payload)

    def functions(self) -> dict[str, str]:
        """The name of each deployed function, by its name in the template."""
        resources = self.emulator.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in resources
            if each["ResourceType"] == "AWS::Lambda::Function"
        }

    def log_groups(self) -> dict[str, str]:
        """The name of each function's log group, by the function's name in the template."""
        lambdas = self.emulator.client("lambda")
        return {
            name: lambdas.get_function_configuration(FunctionName=function)["LoggingConfig"]["LogGroup"]
            for name, function in self.functions().items()
        }

    @contextmanager
    def paused(self, function: str) -> Iterator[None]:
        """Keeps the function from its queue meanwhile, so that messages gather. What it has begun goes on."""
        self._update_queue_trigger(function, Enabled=False)
        try:
            yield
        finally:
            self._update_queue_trigger(function, Enabled=True)

    @contextmanager
    def limited_concurrency(self, function: str, invocations: int) -> Iterator[None]:
        """How many invocations meanwhile work off the function's queue at a time: two or more, as in AWS."""
        before = self._queue_trigger(function)["ScalingConfig"]
        self._update_queue_trigger(function, ScalingConfig={"MaximumConcurrency": invocations})
        try:
            yield
        finally:
            self._update_queue_trigger(function, ScalingConfig=before)

    @contextmanager
    def limited_messages(self, function: str, messages: int) -> Iterator[None]:
        """How many messages of its queue the function meanwhile gets in one invocation."""
        before = self._queue_trigger(function)["BatchSize"]
        self._update_queue_trigger(function, BatchSize=messages)
        try:
            yield
        finally:
            self._update_queue_trigger(function, BatchSize=before)

    def _queue_trigger(self, function: str) -> Any:
        (trigger,) = self.emulator.client("lambda").list_event_source_mappings(FunctionName=self.resource(function))[
            "EventSourceMappings"
        ]
        return trigger

    def _update_queue_trigger(self, function: str, **settings: Any) -> None:
        uuid = self._queue_trigger(function)["UUID"]
        self.emulator.client("lambda").update_event_source_mapping(UUID=uuid, **settings)

    def resource(self, name: str) -> str:
        """The physical id of what the template calls so."""
        detail = self.emulator.client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId=name
        )["StackResourceDetail"]
        physical_id: str = detail["PhysicalResourceId"]
        return physical_id

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self.running)))


def load(file: Path) -> RunningStack | None:
    """The stack that `save` wrote down; None where there is none."""
    return RunningStack(**json.loads(file.read_text())) if file.exists() else None


def stop(running: RunningStack) -> None:
    processes.stop(running.emulator_pid, PROGRAM.name)
    processes.stop(running.stand_in_pid, "tests.stack.hugging_face")
    _remove_unpacked_functions(Path(running.folder))


def _remove_unpacked_functions(folder: Path) -> None:
    """The emulator unpacks 200 MB for each process of a function, and leaves them there."""
    for unpacked in folder.glob("ministack-*"):
        shutil.rmtree(unpacked, ignore_errors=True)


def _start_stand_in(folder: Path, host: str, *, real_model: bool) -> tuple[str, int]:
    port, log = processes.free_port(host), folder / "hugging_face.log"
    address = ["--host", host, "--port", str(port), "--token", HUGGING_FACE_TOKEN]
    weights = ["--weights", str(PROJECT / ".cache/assets/u2netp.onnx")] if real_model else []
    pid = processes.start(
        [sys.executable, "-m", "tests.stack.hugging_face", *address, *weights],
        environment={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)},
        folder=folder,
        log=log,
    )
    url = f"http://{host}:{port}"
    processes.await_answer(f"{url}/health", pid=pid, log=log)
    return url, pid


def _certificate(file: Path, host: str) -> Path:
    """Written to the file, with its key."""
    trustme.CA().issue_cert(host).private_key_and_cert_chain_pem.write_to_path(file)
    return file

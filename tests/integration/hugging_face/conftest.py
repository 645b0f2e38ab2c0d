import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_secretsmanager import SecretsManagerClient

from background_remover.domain.inference_errors import InferenceUnavailableError
from background_remover.domain.jobs import Submission
from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.gateways.hugging_face.routes import ModelRoute
from background_remover.gateways.secret import Secret
from tests.integration.hugging_face.asking import FAL, TOKEN, FakeClock, matte, routes
from tests.stack.hugging_face import Fault, HuggingFaceStandIn


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module")
def secrets_manager() -> Iterator[SecretsManagerClient]:
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="eu-central-1")


class StoredToken:
    """The token in Secrets Manager, and how often it was read there."""

    def __init__(self, client: SecretsManagerClient, clock: FakeClock) -> None:
        self.reads = 0
        self._client = client
        self.id = client.create_secret(Name=f"token-{uuid.uuid4()}", SecretString=TOKEN)["ARN"]
        self.secret = Secret(client, secret_id=self.id, clock=clock)
        client.meta.events.register("before-call.secretsmanager.GetSecretValue", self._count)

    def rotate(self, value: str) -> None:
        self._client.put_secret_value(SecretId=self.id, SecretString=value)

    def delete(self) -> None:
        self._client.delete_secret(SecretId=self.id, ForceDeleteWithoutRecovery=True)

    def _count(self, **_: Any) -> None:
        self.reads += 1

    def close(self) -> None:
        self._client.meta.events.unregister("before-call.secretsmanager.GetSecretValue", self._count)


@pytest.fixture
def token(secrets_manager: SecretsManagerClient, clock: FakeClock) -> Iterator[StoredToken]:
    stored = StoredToken(secrets_manager, clock)
    yield stored
    stored.close()


ClientFor = Callable[[dict[Model, ModelRoute]], HuggingFace]


@pytest.fixture
def client_for(token: StoredToken, clock: FakeClock) -> ClientFor:
    return lambda routes: HuggingFace(routes, token.secret, clock=clock, sleep=clock.sleep, now=clock)


@pytest.fixture
def client(hub: HuggingFaceStandIn, client_for: ClientFor) -> HuggingFace:
    return client_for(routes(hub.url))


@pytest.fixture
def submission(client: HuggingFace, hub: HuggingFaceStandIn) -> Submission:
    """Of a request that fal has taken, with nothing received since."""
    taken: list[Submission] = []
    hub.play(Fault("server_error", status=503, on="poll"))
    with pytest.raises(InferenceUnavailableError):
        matte(client, FAL, seconds=1.0, on_submission=taken.append)
    hub.reset()
    return taken[0]

"""botocore, for tests that make thousands of calls: it does things once, and nothing that moto does not read."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.auth import AUTH_TYPE_MAPS, BaseSigner
from botocore.hooks import EventAliaser
from botocore.loaders import create_loader
from botocore.model import OperationModel
from botocore.regions import EndpointRulesetResolver
from botocore.useragent import UserAgentString


@pytest.fixture(autouse=True, scope="session")
def quick_botocore() -> Iterator[None]:
    """botocore reads a service's model anew for each session, and hardly a test here shares one with another. It signs
    each call, and writes its User-Agent of a dozen parts, while moto reads of both only whose call it is and where. For
    each call it works out the service's address, which in these tests only a bucket makes another one; for each session
    and client the present names of hundreds of events."""
    construct_any_endpoint = EndpointRulesetResolver.construct_endpoint

    def construct_endpoint(
        self: EndpointRulesetResolver, operation_model: OperationModel, call_args: Any, request_context: Any
    ) -> Any:
        if operation_model.service_model.service_name == "s3":
            return construct_any_endpoint(self, operation_model, call_args, request_context)
        known = self.__dict__.setdefault("endpoints", {})
        if operation_model.name not in known:
            known[operation_model.name] = construct_any_endpoint(self, operation_model, call_args, request_context)
        return known[operation_model.name]

    work_out_name = vars(EventAliaser)["_alias_event_name"]
    known_names: dict[str, str] = {}

    def name_of(self: EventAliaser, event: str) -> str:
        if event not in known_names:
            known_names[event] = work_out_name(self, event)
        return known_names[event]

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("botocore.session.create_loader", cache(create_loader))
        monkeypatch.setattr(UserAgentString, "to_string", lambda _: "tests")
        monkeypatch.setitem(AUTH_TYPE_MAPS, "v4", _Unsigned)  # S3's is another: it says how a body is sent.
        monkeypatch.setattr(EndpointRulesetResolver, "construct_endpoint", construct_endpoint)
        monkeypatch.setattr(EventAliaser, "_alias_event_name", name_of)
        yield


class _Unsigned(BaseSigner):
    REQUIRES_REGION = True

    def __init__(self, credentials: Any, service_name: str, region_name: str) -> None:
        self._scope = f"{credentials.access_key}/20260504/{region_name}/{service_name}/aws4_request"

    def add_auth(self, request: Any) -> None:
        request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={self._scope}"

"""botocore and moto, for tests that make thousands of calls: without what they do for services and callers not here."""

import copy
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from threading import RLock
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.auth import AUTH_TYPE_MAPS, BaseSigner
from botocore.loaders import create_loader
from botocore.useragent import UserAgentString
from moto import backend_index
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import ResponseSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

# moto hides the types of these modules from type checkers.
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node  # type: ignore[attr-defined]
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]

_SERVICES = {"dynamodb", "s3", "secretsmanager", "sqs"}


@pytest.fixture(autouse=True, scope="session")
def quick_moto() -> Iterator[None]:
    """moto searches its list of 183 services for each call, and walks through it seven times to start a mock. It copies
    the whole table for each action of a transaction, to go back to where one fails. It lists a class's methods for each
    call, and looks for each member of an answer under other names, which DynamoDB's do not have. It parses each update
    three times, copies what comes of it node by node, and asks each of ten validators at each node which kinds of nodes
    it looks at."""
    services = [(name, pattern) for name, pattern in backend_index.backend_url_patterns if name in _SERVICES]
    get_any_value = ResponseSerializer.get_value
    update_in_place = models.DynamoDBBackend.update_item

    def update_a_copy(self: models.DynamoDBBackend, table_name: str, key: Any, *arguments: Any, **named: Any) -> Any:
        table = self.get_table(table_name)
        partition = DynamoType(key["pk"])
        items = table.items[partition] if table.has_range_key else table.items
        place = DynamoType(key["sk"]) if table.has_range_key else partition
        if item := items.get(place):
            items[place] = changing = copy.deepcopy(item)
            changing.__dict__.pop("values_read", None)
        return update_in_place(self, table_name, key, *arguments, **named)

    def get_value(self: ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
        if self.operation_model.service_model.service_name == "dynamodb" and isinstance(value, dict):
            return value.get(key)
        return get_any_value(self, value, key, shape)

    kinds_of_nodes: dict[type, tuple[type, ...]] = {}

    def nodes_to_be_processed(self: DepthFirstTraverser) -> tuple[type, ...]:
        kinds = kinds_of_nodes.get(type(self))
        if kinds is None:
            kinds = kinds_of_nodes[type(self)] = tuple(self._processing_map())
        return kinds

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(UpdateExpressionParser, "make", cache(UpdateExpressionParser.make))
        monkeypatch.setattr("moto.dynamodb.parsing.validators.deepcopy", _copied_expression)
        monkeypatch.setattr(DepthFirstTraverser, "nodes_to_be_processed", nodes_to_be_processed)
        monkeypatch.setattr(ResponseSerializer, "get_value", get_value)
        monkeypatch.setattr("moto.core.responses.method_names_from_class", cache(method_names_from_class))
        monkeypatch.setattr(backend_index, "backend_url_patterns", services)
        monkeypatch.setattr(models, "copy", SimpleNamespace(deepcopy=_copied))
        monkeypatch.setattr(models.DynamoDBBackend, "update_item", update_a_copy)
        yield


@pytest.fixture(autouse=True, scope="session")
def quick_botocore() -> Iterator[None]:
    """botocore reads a service's model anew for each session, and hardly a test here shares one with another. It signs
    each call, and writes its User-Agent of a dozen parts, while moto reads of both only whose call it is and where."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("botocore.session.create_loader", cache(create_loader))
        monkeypatch.setattr(UserAgentString, "to_string", lambda _: "tests")
        monkeypatch.setitem(AUTH_TYPE_MAPS, "v4", _Unsigned)  # S3's is another: it says how a body is sent.
        yield


@pytest.fixture(autouse=True, scope="session")
def one_call_to_moto_at_a_time() -> Iterator[None]:
    """moto copies an item while another thread writes to it, which ends in "dictionary changed size"."""
    lock, answer = RLock(), BotocoreStubber.process_request

    def answer_alone(self: BotocoreStubber, request: Any) -> Any:
        with lock:
            return answer(self, request)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(BotocoreStubber, "process_request", answer_alone)
        yield


class _Unsigned(BaseSigner):
    REQUIRES_REGION = True

    def __init__(self, credentials: Any, service_name: str, region_name: str) -> None:
        self._scope = f"{credentials.access_key}/20260504/{region_name}/{service_name}/aws4_request"

    def add_auth(self, request: Any) -> None:
        request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={self._scope}"


def values_of(item: Any) -> dict[str, Any]:
    """Worked out once for each of moto's items, which are replaced and never changed."""
    if "values_read" not in item.__dict__:
        item.values_read = {name: value.cast_value for name, value in item.attrs.items()}
    return dict(item.values_read)


def _copied(value: Any) -> Any:
    """A table's copy has the same items, see `values_of`."""
    if not isinstance(value, Table):
        return copy.deepcopy(value)
    table = copy.copy(value)
    table.items = defaultdict(
        dict, {key: dict(items) if value.has_range_key else items for key, items in value.items.items()}
    )
    return table


def _copied_expression(value: Any) -> Any:
    """What stands in a node beside its children is never changed."""
    if not isinstance(value, Node):
        return copy.deepcopy(value)
    node = value.__class__.__new__(value.__class__)
    node.__dict__.update(value.__dict__)
    if value.children is not None:
        node.children = [_copied_expression(child) if isinstance(child, Node) else child for child in value.children]
        for child in node.children:
            if isinstance(child, Node):
                child.set_parent(node)
    return node

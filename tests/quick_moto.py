"""moto, for tests that make thousands of calls: it does things once, and nothing for services that are not here."""

import copy
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from threading import RLock
from types import SimpleNamespace
from typing import Any

import pytest
from moto import backend_index
from moto.core.base_backend import BaseBackend
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import ResponseSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb import models
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import bytesize

# moto hides the types of these modules from type checkers.
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node  # type: ignore[attr-defined]
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]

_SERVICES = {"dynamodb", "s3", "secretsmanager", "sqs"}
# moto's limit, in bytes; AWS states 400 KB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_LARGEST_ITEM = 405_000


@pytest.fixture(autouse=True, scope="session")
def quick_moto() -> Iterator[None]:
    """moto searches its list of 183 services for each call, and walks through it seven times to start a mock. It copies
    the whole table for each action of a transaction, to go back to where one fails. It lists a class's methods for each
    call, and looks for each member of an answer under other names, which DynamoDB's do not have. It parses each update
    three times, copies what comes of it node by node, and asks each of ten validators at each node which kinds of nodes
    it looks at. It takes each condition to pieces anew, and measures a whole item for each attribute that it gets. It
    puts together a service's addresses for each call: those of S3 by loading their module again."""
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

    put_urls_together = vars(BaseBackend)["urls"].fget
    known_urls: dict[type, Any] = {}

    def urls(self: BaseBackend) -> Any:
        if type(self) not in known_urls:
            known_urls[type(self)] = put_urls_together(self)
        return known_urls[type(self)]

    take_to_pieces = ConditionExpressionParser._lex_condition_expression

    @cache
    def pieces_of(condition: str | None) -> Any:
        return take_to_pieces(ConditionExpressionParser(condition, None, None))

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(UpdateExpressionParser, "make", cache(UpdateExpressionParser.make))
        monkeypatch.setattr("moto.dynamodb.parsing.validators.deepcopy", _copied_expression)
        monkeypatch.setattr(DepthFirstTraverser, "traverse_node_recursively", _traversed)
        monkeypatch.setattr(
            ConditionExpressionParser,
            "_lex_condition_expression",
            lambda self: pieces_of(self.condition_expression).copy(),
        )
        monkeypatch.setattr(LimitedSizeDict, "__setitem__", _set_attribute)
        monkeypatch.setattr(BaseBackend, "urls", property(urls))
        monkeypatch.setattr(ResponseSerializer, "get_value", get_value)
        monkeypatch.setattr("moto.core.responses.method_names_from_class", cache(method_names_from_class))
        monkeypatch.setattr(backend_index, "backend_url_patterns", services)
        monkeypatch.setattr(models, "copy", SimpleNamespace(deepcopy=_copied))
        monkeypatch.setattr(models.DynamoDBBackend, "update_item", update_a_copy)
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


_kinds: dict[tuple[type, type], tuple[bool, bool]] = {}


def _traversed(self: DepthFirstTraverser, node: Any, child_id: int = -1) -> Any:
    """Whether it is a node, and one to be processed, is asked once of each kind."""
    kinds = type(self), type(node)
    if kinds not in _kinds:
        _kinds[kinds] = isinstance(node, Node), isinstance(node, self.nodes_to_be_processed())
    is_node, is_processed = _kinds[kinds]
    if not is_node:
        return node
    parent = node.parent
    for position, child in enumerate(node.children or ()):
        self.pre_processing_of_child(node, position)
        _traversed(self, child, position)
    if not is_processed:
        return node
    processed = self.process(node)
    processed.parent = parent
    if parent:
        parent.children[child_id] = processed
    return processed


def _set_attribute(self: Any, name: str, value: DynamoType) -> None:
    known = self.__dict__.get("sizes", {})
    sizes = {each: known.get(each) or _size(each, attribute) for each, attribute in self.items()}
    sizes[name] = _size(name, value)
    if sum(sizes.values()) > _LARGEST_ITEM:
        raise ItemSizeTooLarge
    self.sizes = sizes
    dict.__setitem__(self, name, value)


def _size(name: str, value: DynamoType) -> int:
    return bytesize(name) + value.size()

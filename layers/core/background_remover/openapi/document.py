"""Makes the OpenAPI 3.1 document of the table of routes: https://spec.openapis.org/oas/v3.1.1.html."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import GenericAlias
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from background_remover import __version__
from background_remover.http.problems import CONTENT_TYPE
from background_remover.http.validation import Request
from background_remover.openapi import problems
from background_remover.openapi.description import (
    PATH_PARAMETERS,
    RATE_LIMIT,
    RETRY_AFTER,
    Answer,
    Content,
    Form,
    Header,
    Json,
    Route,
    Schema,
    Tag,
    Text,
)
from background_remover.openapi.routes import ROUTES

_ABOUT = (
    "Send photos, get cut-outs. Every error is a problem document (RFC 9457) with a `code`, a `detail` that says what "
    "to do, and a `requestId`. What fails costs nothing."
)
_PATH_PARAMETER = re.compile(r"{(\w+)}")
_SCHEMAS = "#/components/schemas/"
_EXAMPLES = "#/components/examples/"
_SOMETIMES_RETRY_AFTER = Header(RETRY_AFTER.name, RETRY_AFTER.description, RETRY_AFTER.schema, is_always_there=False)
_PROBLEM_HEADERS = {
    HTTPStatus.UNAUTHORIZED: (Header("WWW-Authenticate", "How to authenticate.", {"const": "Bearer"}),),
    HTTPStatus.TOO_MANY_REQUESTS: (RETRY_AFTER,),
    HTTPStatus.CONFLICT: (_SOMETIMES_RETRY_AFTER,),
    HTTPStatus.SERVICE_UNAVAILABLE: (_SOMETIMES_RETRY_AFTER,),
}


class _JsonSchema(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # pydantic's own signature
        """A field's name says as much as the title that pydantic makes of it."""
        return False


def document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in ROUTES:
        method, path = route.route.split()
        paths[path][method.lower()] = _operation(route)
    codes = sorted({code for route in ROUTES for code in _codes(route)})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Background Remover Pro", "version": __version__, "description": _ABOUT},
        # Relative to where the document lies, whatever the stage is called.
        "servers": [{"url": ".."}],
        "security": [{"bearer": []}],
        "tags": [{"name": tag} for tag in Tag],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A JWT of the deployment's issuer, or an API key.",
                },
                "removeBgKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Api-Key",
                    "description": "An API key, where remove.bg has it.",
                },
            },
            "schemas": _definitions() | {problems.schema_name(code): problems.schema(code) for code in codes},
            "examples": {code: {"value": problems.example(code)} for code in codes},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": route.name, "tags": [route.tag], "summary": route.summary}
    if route.description:
        operation["description"] = route.description
    if not route.needs_token:
        operation["security"] = [*route.security]
    if parameters := [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)]:
        operation["parameters"] = parameters
    if route.bodies:
        operation["requestBody"] = {"required": True, "content": _content(route.bodies)}
    limits = RATE_LIMIT if route.is_limited else ()
    answers = {status: _answer(answer, limits) for status, answer in route.answers.items()}
    operation["responses"] = {
        str(status.value): answer for status, answer in _together(answers, _problems(route)).items()
    }
    return operation


def _together(
    answers: Mapping[HTTPStatus, Schema], of_the_gateway: Mapping[HTTPStatus, Schema]
) -> dict[HTTPStatus, Schema]:
    """A status that both give has the bodies and headers of both."""
    merged = {**answers}
    for status, problem in of_the_gateway.items():
        both = {**problem, **answers.get(status, {})}
        for part in ("content", "headers"):
            if part in both:
                both[part] = {**problem.get(part, {}), **answers.get(status, {}).get(part, {})}
        merged[status] = both
    return merged


# ---- parameters ------------------------------------------------------------------------------------


def _path_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in _PATH_PARAMETER.findall(route.route):
        parameter = PATH_PARAMETERS[name]
        yield {"name": name, "in": "path", "required": True, **_described(parameter.description, parameter.schema)}


def _query_parameters(route: Route) -> Iterator[dict[str, Any]]:
    if route.query:
        fields = _fields(route.query)
        for name, schema in fields["properties"].items():
            is_required = name in fields.get("required", ()) and not route.query_belongs_to
            yield {
                "name": name,
                "in": "query",
                "required": is_required,
                **_described(route.query_belongs_to, _without_null(schema)),
            }


def _header_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for header in route.headers:
        yield {
            "name": header.name,
            "in": "header",
            "required": header.is_always_there,
            **_described(header.description, header.schema),
        }


def _described(description: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "schema": schema} if description else {"schema": schema}


def _without_null(schema: Schema) -> Schema:
    """The same of a query or form, which has no null: what is optional is left out there."""
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    if (default := schema.get("default")) is not None:
        rest["default"] = default
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    return {**rest, **choices[0]} if choices else rest


# ---- bodies and answers ----------------------------------------------------------------------------


def _content(bodies: Mapping[str, Content]) -> dict[str, Any]:
    return {media_type: _media_type(content) for media_type, content in bodies.items()}


def _media_type(content: Content) -> dict[str, Any]:
    match content:
        case Json(model, examples):
            named_examples = {name: {"value": value} for name, value in examples.items()}
            return {"schema": _json_schema(model)["items"], "examples": named_examples}
        case Form(example=example):
            return {"schema": _form_schema(content), "example": example}
        case Text(example):
            return {"schema": {"type": "string"}, "example": example}
        case _:
            return {"schema": {}}


def _form_schema(form: Form) -> Schema:
    file: Schema = {"type": "string", "format": "binary"}
    if form.at_most > 1:
        file = {"type": "array", "items": file, "minItems": 1, "maxItems": form.at_most}
    fields = _fields(form.model)
    return {
        "type": "object",
        "properties": {form.files: file}
        | {name: {"type": "string", "format": "binary", "description": text} for name, text in form.beside.items()}
        | {name: _without_null(schema) for name, schema in fields["properties"].items()},
        "required": [form.files, *fields.get("required", ())],
        "additionalProperties": fields["additionalProperties"],
    }


def _one_of(*references: str) -> Schema:
    first, *others = ({"$ref": reference} for reference in references)
    return {"oneOf": [first, *others]} if others else first


def _answer(answer: Answer, limits: tuple[Header, ...]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if headers := answer.headers + limits:
        described["headers"] = _headers(headers)
    if answer.content:
        described["content"] = _content(answer.content)
    if answer.leads_to:
        described["links"] = {name: _link(name) for name in answer.leads_to}
    return described


def _link(name: str) -> dict[str, Any]:
    (target,) = (route for route in ROUTES if route.name == name)
    ids = _PATH_PARAMETER.findall(target.route)
    return {"operationId": name, "parameters": {each: f"$response.body#/{each}" for each in ids}}


def _headers(headers: tuple[Header, ...]) -> dict[str, Any]:
    return {
        header.name: {"required": header.is_always_there, **_described(header.description, header.schema)}
        for header in headers
    }


def _codes(route: Route) -> set[str]:
    of_the_gateway = set(problems.GATEWAY) - (set() if route.needs_token else problems.OF_WHO_CALLS)
    return of_the_gateway | {error.code for error in route.errors}


def _problems(route: Route) -> dict[HTTPStatus, dict[str, Any]]:
    by_status: dict[HTTPStatus, list[str]] = defaultdict(list)
    for code in sorted(_codes(route)):
        by_status[problems.status(code)].append(code)
    limits = RATE_LIMIT if route.is_limited else ()
    return {status: _problem(status, by_status[status], limits) for status in sorted(by_status)}


def _problem(status: HTTPStatus, codes: list[str], limits: tuple[Header, ...]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": status.phrase}
    limited = limits if status is HTTPStatus.TOO_MANY_REQUESTS else ()
    if headers := (*_PROBLEM_HEADERS.get(status, ()), *limited):
        answer["headers"] = _headers(headers)
    schema = _one_of(*(f"{_SCHEMAS}{problems.schema_name(code)}" for code in codes))
    examples = {code: {"$ref": f"{_EXAMPLES}{code}"} for code in codes}
    return answer | {"content": {CONTENT_TYPE: {"schema": schema, "examples": examples}}}


# ---- models ----------------------------------------------------------------------------------------


def _json_schema(model: Any) -> Schema:
    """Of a list of it, with the definitions of all that it consists of.

    A list, because pydantic takes the configuration of a typed dict from what is around it.
    """
    config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    adapter: TypeAdapter[Any] = TypeAdapter(GenericAlias(list, model), config=config)
    return adapter.json_schema(ref_template=f"{_SCHEMAS}{{model}}", schema_generator=_JsonSchema)


def _fields(model: type[Request]) -> Schema:
    fields: Schema = _json_schema(model)["$defs"][model.__name__]
    return fields


def _definitions() -> dict[str, Schema]:
    """Of every model of a JSON body, and of all that it consists of."""
    bodies = [route.bodies for route in ROUTES]
    answers = [answer.content for route in ROUTES for answer in route.answers.values()]
    contents = [content for content_by_type in (*bodies, *answers) for content in content_by_type.values()]
    models = [content.model for content in contents if isinstance(content, Json)]
    return {name: schema for model in models for name, schema in _json_schema(model).get("$defs", {}).items()}

"""What ministack's CloudFront lacks: an address of its own, APIs as origins, compression, and its cache.

ministack (1.5) knows a distribution by the Host header, a name that no browser finds here, and asks no address of AWS.
So the first distribution that was made gets a port of its own, where viewers are taken to come by HTTPS.
"""

import gzip
import os
import re
from collections.abc import Callable, Coroutine, Iterable
from typing import Any
from urllib.parse import parse_qs, unquote

type Scope = dict[str, Any]
type Asgi = Callable[[Scope, Any, Any], Coroutine[Any, Any, None]]
type Headers = dict[str, Any]
type OfOrigin = tuple[int, str, Headers, bytes]
type OfViewer = tuple[int, Headers, bytes]

API_HOST = re.compile(r"(\w+)\.execute-api\.[\w-]+\.amazonaws\.com")
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
COMPRESSED = re.compile(r"text/|application/(javascript|json|manifest\+json|xml)|image/svg\+xml")
COMPRESSED_SIZES = range(1_000, 10_000_001)


def at_own_port(app: Asgi, port: int, domain: Callable[[], str]) -> Asgi:
    """The application, which takes what comes to the port for requests to the distribution."""

    async def serve(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["server"][1] == port:
            told = {b"host": domain().encode(), b"x-forwarded-proto": b"https"}
            kept = [(name, value) for name, value in scope["headers"] if name not in told]
            scope = {**scope, "headers": [*told.items(), *kept]}
        await app(scope, receive, send)

    return serve


def compressed(answer: OfViewer, accepted: str) -> OfViewer:
    status, headers, body = answer
    if (
        "gzip" not in accepted
        or "Content-Encoding" in headers
        or len(body) not in COMPRESSED_SIZES
        or not COMPRESSED.match(headers.get("Content-Type", ""))
    ):
        return answer
    body = gzip.compress(body)
    told = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Content-Length": str(len(body))}
    return status, {**headers, **told}, body


def may_be_kept(method: str, answer: OfViewer) -> bool:
    """Only what never changes: nobody has to tell this cache what is out of date."""
    status, headers, _ = answer
    return method == "GET" and status == 200 and "immutable" in headers.get("Cache-Control", "")


def flat(headers: Headers) -> Iterable[tuple[str, str]]:
    for name, values in headers.items():
        for value in values if isinstance(values, list) else [values]:
            yield name, value


def install(port: int, certificate: str | None) -> None:
    """Changes the emulator, before it serves. With a certificate (and its key, in one file) browsers get HTTP/2."""
    from hypercorn import asyncio as hypercorn  # type: ignore[import-not-found]  # in the emulator's environment only
    from ministack import app  # type: ignore[import-not-found]
    from ministack.services import cloudfront  # type: ignore[import-not-found]

    fetch, answer, behavior_of = (
        cloudfront._fetch_from_origin,
        cloudfront.handle_viewer_request,
        cloudfront._dataplane_behavior,
    )

    async def fetch_from_apis_too(
        origin: dict[str, Any],
        method: str,
        uri: str,
        query: str,
        headers: Headers,
        body: bytes,
        is_https: bool,
        client_ip: str,
        forwarded_for: str,
        distribution: str,
    ) -> OfOrigin:
        api = API_HOST.fullmatch(origin["domain_name"])
        if api is None:
            untouched: OfOrigin = await fetch(
                origin, method, uri, query, headers, body, is_https, client_ip, forwarded_for, distribution
            )
            return untouched
        sent = cloudfront._origin_request_headers(origin, headers, client_ip, forwarded_for)
        path = f"{origin['origin_path']}{uri}"
        status, answered, content = await app._handle_execute_api_request(
            f"{api[1]}.execute-api.{os.environ['MINISTACK_HOST']}",
            unquote(path),
            method,
            {name.lower(): value for name, value in sent.items()},
            body,
            parse_qs(query, keep_blank_values=True),
            raw_path=path,
            raw_query_string=query,
        )
        return status, "", cloudfront._multidict_from_pairs(flat(answered)), content

    def behavior_with_compression(element: Any, pattern: str | None = None) -> dict[str, Any]:
        return {**behavior_of(element, pattern), "compress": cloudfront._xbool(element, "Compress", False)}

    kept: dict[tuple[str, str, str], OfViewer] = {}

    async def answer_compressed(distribution: Any, method: str, path: str, *rest: Any) -> OfViewer:
        request_headers = rest[2]
        accepted = request_headers.get("accept-encoding", "")
        if known := kept.get((method, path, accepted)):
            return known
        plain: OfViewer = await answer(distribution, method, path, *rest)
        behavior = cloudfront._match_behavior(cloudfront.parse_distribution_dataplane_config(distribution), path)
        answered = compressed(plain, accepted) if behavior["compress"] else plain
        if may_be_kept(method, answered):
            kept[method, path, accepted] = answered
        return answered

    cloudfront._fetch_from_origin = fetch_from_apis_too
    cloudfront._dataplane_behavior = behavior_with_compression
    cloudfront.handle_viewer_request = answer_compressed

    def domain() -> str:
        found: list[str] = [each["DomainName"] for each in cloudfront._distributions.values()]
        return found[0] if found else "no-distribution.cloudfront.net"

    serve = hypercorn.serve

    async def serve_at_both_ports(application: Asgi, config: Any) -> None:
        own = f"{os.environ['BIND_HOST']}:{port}"
        if certificate:
            config.certfile = config.keyfile = certificate
            config.bind, config.insecure_bind = [own], config.bind
        else:
            config.bind = [*config.bind, own]
        await serve(at_own_port(application, port, domain), config)

    hypercorn.serve = serve_at_both_ports

"""A custom resource: puts the page of `page/` into its bucket when the stack is made or changed, and empties the bucket
when the stack is deleted.

All files but index.html lie below a folder that is called after what is in them, so that browsers and CloudFront may
keep them for ever. What a page still needs that was loaded a minute ago is there as well: the folder before.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from background_remover import __version__, clients
from background_remover.commit import COMMIT
from background_remover.observability import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef, ObjectTypeDef

PAGE = Path(__file__).with_name("page")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
ASSETS = "assets/"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"  # Kept, and asked for each time whether it still holds.
IMPORTS = re.compile(r'^(?:import|export) [^"]*"(\.[^"]+)"', re.MULTILINE)
LONGEST_REASON = 1000  # Characters. The whole answer may have 4096 bytes.


def publish(bucket: str, config: dict[str, str]) -> None:
    files = {str(file.relative_to(PAGE)): file.read_bytes() for file in sorted(PAGE.rglob("*")) if file.is_file()}
    index = files.pop("index.html").decode()
    folder = f"{ASSETS}{_hash_of(files)}/"
    for name, content in files.items():
        _put(bucket, f"{folder}{name}", content, FOR_EVER)
    told = {**config, "version": __version__, "commit": COMMIT}
    _put(bucket, "config.json", json.dumps(told).encode(), ASK_FIRST)
    _put(bucket, "index.html", _in_folder(index, folder, files).encode(), ASK_FIRST)
    _delete(bucket, _outdated(_objects(bucket, ASSETS)))


def empty(bucket: str) -> None:
    s3 = clients.s3()
    try:
        _delete(bucket, [item["Key"] for item in _objects(bucket, "")])
    except s3.exceptions.NoSuchBucket:
        logger.info("There is no bucket to empty", extra={"bucket": bucket})


def _hash_of(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _in_folder(html: str, folder: str, files: dict[str, bytes]) -> str:
    """The document with `/<folder>/<name>` wherever an attribute is the name of one of the files.

    All modules that it begins with are asked for at once: a browser that finds them one in the other waits for each in
    turn. Others would take their share of a slow line.
    """
    modules = _imported(re.findall(r'src="([^"]+)"', html), files)
    preloads = "".join(f'<link rel="modulepreload" href="{name}">' for name in modules)
    html = html.replace("</head>", f"{preloads}</head>")
    return re.sub(
        r'="(?:\./)?([^"]+)"', lambda found: f'="/{folder}{found[1]}"' if found[1] in files else found[0], html
    )


def _imported(modules: list[str], files: dict[str, bytes]) -> list[str]:
    """The modules, each followed by what it imports before it runs."""
    found: list[str] = []
    names = modules
    while names:
        name, *names = names
        if name in files and name not in found:
            found.append(name)
            folder, paths = posixpath.dirname(name), IMPORTS.findall(files[name].decode())
            names = [posixpath.normpath(posixpath.join(folder, path)) for path in paths] + names
    return found


def _put(bucket: str, key: str, content: bytes, cache_control: str) -> None:
    clients.s3().put_object(
        Bucket=bucket, Key=key, Body=content, ContentType=TYPES[Path(key).suffix], CacheControl=cache_control
    )


def _objects(bucket: str, prefix: str) -> Iterator[ObjectTypeDef]:
    for page in clients.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])


def _outdated(assets: Iterator[ObjectTypeDef]) -> list[str]:
    """The keys in all folders but the two that were written last."""
    folders: dict[str, list[ObjectTypeDef]] = {}
    for item in assets:
        folders.setdefault(item["Key"].removeprefix(ASSETS).partition("/")[0], []).append(item)
    newest_first = sorted(folders.values(), key=lambda items: max(item["LastModified"] for item in items), reverse=True)
    return [item["Key"] for items in newest_first[2:] for item in items]


def _delete(bucket: str, keys: list[str]) -> None:
    for start in range(0, len(keys), 1000):
        objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys[start : start + 1000]]
        answer = clients.s3().delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        if errors := answer.get("Errors"):
            raise RuntimeError(f"not deleted: {errors[0].get('Key')}: {errors[0].get('Message')}")


def _answer(event: dict[str, Any], bucket: str, status: str, reason: str) -> None:
    """Tells CloudFormation, which otherwise waits until the resource's time is over:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    # Called after the bucket: where it is replaced, CloudFormation asks to delete what was in the old one.
    physical_id = event["PhysicalResourceId"] if event["RequestType"] == "Delete" else bucket
    answer = {name: event[name] for name in ("RequestId", "StackId", "LogicalResourceId")}
    answer |= {"PhysicalResourceId": physical_id, "Status": status, "Reason": reason}
    # The address is signed for no content type.
    request = urllib.request.Request(  # noqa: S310 CloudFormation's own address
        event["ResponseURL"], json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT"
    )
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    properties = event["ResourceProperties"]
    bucket = properties["Bucket"]
    try:
        if event["RequestType"] == "Delete":
            empty(bucket)
        else:
            publish(bucket, properties["Config"])
    except Exception as error:
        logger.exception("The page could not be published")
        _answer(event, bucket, "FAILED", f"{type(error).__name__}: {error}"[:LONGEST_REASON])
    else:
        _answer(event, bucket, "SUCCESS", "")

"""Clients of remove.bg as they come from their registries, against the stack: only address and key are ours."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.contract.removebg import detailed
from tests.e2e.caller import Caller, photo
from tests.project import PROJECT
from tests.removebg.host import ApiRemoveBg
from tests.stack.local_stack import LocalStack

INSTALLED = PROJECT / ".cache/removebg"
NOWHERE = "https://nowhere.invalid/cat.jpg"


class Clients:
    """Each runs in a process of its own, in a folder of its own."""

    def __init__(self, host: ApiRemoveBg, folder: Path, key: str) -> None:
        self._environment = {
            **host.environment,
            "PATH": os.environ["PATH"],
            "NODE_PATH": str(INSTALLED / "node_modules"),
            "NODE_NO_WARNINGS": "1",
        }
        self.folder = folder
        self.key = key
        (folder / "cat.png").write_bytes(photo())

    def node(self, script: str) -> str:
        return self._run("node", "--eval", script)

    def python(self, script: str) -> str:
        return self._run(INSTALLED / "bin/python", "-c", script)

    def _run(self, *command: str | Path) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, timeout=120
        )
        return done.stdout + done.stderr

    def npm(self, call: str, **options: Any) -> dict[str, Any]:
        """What the promise of a call of npm's remove.bg becomes."""
        options = {"apiKey": self.key, **options}
        told: dict[str, Any] = json.loads(
            self.node(
                f"require('remove.bg').{call}({json.dumps(options)})"
                ".then((result) => ({result}), (errors) => ({errors})).then((it) => console.log(JSON.stringify(it)))"
            )
        )
        return told

    def image(self, name: str) -> Image.Image:
        with Image.open(self.folder / name) as image:
            return image.copy()


@pytest.fixture
def clients(stack: LocalStack, caller: Caller, tmp_path: Path) -> Iterator[Clients]:
    key = caller.post("api-keys", {"name": "of a client"}).json()["key"]
    with ApiRemoveBg(stack.page_url, tmp_path) as host:
        yield Clients(host, tmp_path, key)


# ---- npm: remove.bg ------------------------------------------------------------------------------------------------


def test_npms_remove_bg_takes_a_file(clients: Clients) -> None:
    asked = {"path": "cat.png", "size": "regular", "type": "auto", "outputFile": "out.png"}
    told = clients.npm("removeBackgroundFromImageFile", **asked)

    assert clients.image("out.png").size == (64, 48)
    result = told["result"]
    assert base64.b64decode(result["base64img"]) == (clients.folder / "out.png").read_bytes()
    expected = {"creditsCharged": "8", "detectedType": "other", "resultWidth": "64", "resultHeight": "48"}
    assert expected.items() <= result.items()
    assert int(result["rateLimit"]) > int(result["rateLimitRemaining"]) > 0
    assert int(result["rateLimitReset"]) > 1_700_000_000


def test_npms_remove_bg_takes_base64_and_options(clients: Clients) -> None:
    told = clients.npm(
        "removeBackgroundFromImageBase64",
        base64img=base64.b64encode(photo()).decode(),
        size="full",
        type="product",
        crop=True,
        crop_margin="3px",
        bg_color="ff0000",
        channels="rgba",
        outputFile="out.jpg",
    )

    assert told["result"]["creditsCharged"] == "15"
    red, *others = clients.image("out.jpg").getpixel((0, 0))  # type: ignore[misc]
    assert red > 245
    assert max(others) < 10


def test_npms_remove_bg_hears_why_a_url_cannot_be_had(clients: Clients) -> None:
    told = clients.npm("removeBackgroundFromImageUrl", url=NOWHERE, size="regular")

    assert [error["code"] for error in told["errors"]] == ["failed_image_download"]


def test_npms_remove_bg_hears_what_is_wrong_with_the_key(clients: Clients) -> None:
    told = clients.npm("removeBackgroundFromImageFile", apiKey="nobodys", path="cat.png")

    assert [error["code"] for error in told["errors"]] == ["auth_failed"]


def test_npms_remove_bg_hears_what_to_ask_for_where_no_answer_holds_the_result(clients: Clients) -> None:
    (clients.folder / "large.jpg").write_bytes(detailed())

    told = clients.npm("removeBackgroundFromImageFile", path="large.jpg", size="full", outputFile="out.png")

    (error,) = told["errors"]
    assert error["code"] == "result_too_large"
    assert "format=zip" in error["detail"]


# ---- npm: removebg-wrapper -----------------------------------------------------------------------------------------


def test_npms_wrapper_takes_a_file(clients: Clients) -> None:
    clients.node(f"require('removebg-wrapper').rbFromImageFile('cat.png', '{clients.key}')")

    assert clients.image("output.png").mode == "RGBA"


def test_npms_wrapper_gets_of_a_large_photo_what_an_answer_holds(clients: Clients) -> None:
    (clients.folder / "large.jpg").write_bytes(detailed())

    clients.node(f"require('removebg-wrapper').rbFromImageFile('large.jpg', '{clients.key}')")

    assert clients.image("output.png").size[0] > 1000


def test_npms_wrapper_hears_why_a_url_cannot_be_had(clients: Clients) -> None:
    told = clients.node(f"require('removebg-wrapper').rbFromImageUrl('{NOWHERE}', '{clients.key}')")

    assert "Error: 400" in told
    assert "failed_image_download" in told


# ---- PyPI: removebg ------------------------------------------------------------------------------------------------


def removebg(clients: Clients, call: str) -> str:
    return clients.python(f"from removebg import RemoveBg; RemoveBg({clients.key!r}, 'errors.log').{call}")


def test_pypis_removebg_takes_a_file(clients: Clients) -> None:
    assert removebg(clients, "remove_background_from_img_file('cat.png')") == ""

    assert clients.image("cat.png_no_bg.png").mode == "RGBA"


def test_pypis_removebg_takes_base64_and_a_colour(clients: Clients) -> None:
    encoded = base64.b64encode(photo()).decode()
    removebg(clients, f"remove_background_from_base64_img({encoded!r}, size='hd', bg_color='white')")

    assert min(clients.image("no-bg.png").convert("RGB").getpixel((0, 0))) > 249  # type: ignore[arg-type]


def test_pypis_removebg_follows_to_a_result_that_no_answer_holds(clients: Clients) -> None:
    (clients.folder / "large.jpg").write_bytes(detailed())

    removebg(clients, "remove_background_from_img_file('large.jpg', size='4k')")

    assert clients.image("large.jpg_no_bg.png").size == (2400, 1800)
    assert (clients.folder / "large.jpg_no_bg.png").stat().st_size > 4_400_000


def test_pypis_removebg_raises_where_a_url_cannot_be_had(clients: Clients) -> None:
    told = removebg(clients, f"remove_background_from_img_url({NOWHERE!r})")

    assert "400 Client Error" in told


# ---- PyPI: remove-bg-api -------------------------------------------------------------------------------------------


def api(clients: Clients, call: str) -> str:
    return clients.python(f"from remove_bg_api import RemoveBg; it = RemoveBg({clients.key!r}); print({call})")


@pytest.mark.parametrize(
    "call",
    [
        "it.remove_bg_file('cat.png', 'out.png', raw=False)",
        "it.remove_bg_bytes(open('cat.png', 'rb').read(), 'out.png', raw=False)",
        "it.remove_bg_base64(__import__('base64').b64encode(open('cat.png', 'rb').read()), 'out.png', raw=False)",
    ],
)
def test_pypis_remove_bg_api_takes_a_file_bytes_and_base64(clients: Clients, call: str) -> None:
    api(clients, call)

    assert clients.image("out.png").mode == "RGBA"


def test_pypis_remove_bg_api_gets_bytes_and_keeps_count_of_the_credits(clients: Clients) -> None:
    told = api(clients, "len(it.remove_bg_file('cat.png')) > 100, it.account.balance()")

    assert told.strip() == "True 22"  # 30 for signing up, less 8.


def test_pypis_remove_bg_api_sends_any_parameter(clients: Clients) -> None:
    api(clients, "it.remove_bg_file('cat.png', 'out.zip', raw=False, data={'format': 'zip', 'size': 'auto'})")

    with zipfile.ZipFile(clients.folder / "out.zip") as archive:
        assert sorted(archive.namelist()) == ["alpha.png", "color.jpg"]


def test_pypis_remove_bg_api_knows_the_account(clients: Clients) -> None:
    told = api(clients, "it.account.get_balance_dict()['payg'], it.account.free_api_calls()")

    assert told.strip() == "30 0"


def test_pypis_remove_bg_api_raises_for_a_key_that_is_nobodys(clients: Clients) -> None:
    told = api(clients, "it.change_api_key('nobodys') or it.remove_bg_file('cat.png')")

    assert "API Error: Authentication failed" in told


def test_pypis_remove_bg_api_raises_where_a_url_cannot_be_had(clients: Clients) -> None:
    assert "ApiErrorCode400" in api(clients, f"it.remove_bg_url({NOWHERE!r})")

"""`make demo`: three photos in four tiers and a batch of 24 through the API over HTTP, checked to the last credit."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
import requests
from PIL import Image

from background_remover.domain.tiers import TIERS
from tests.project import PROJECT
from tests.stack.contact_sheet import contact_sheet
from tests.stack.demo_batch import DemoError, run_batch
from tests.stack.hugging_face import Fault
from tests.stack.local_stack import LocalStack

ASSETS = PROJECT / ".cache/assets"
OUT = PROJECT / "out"
README_PICTURE = PROJECT / "docs/result.jpg"
PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png")
GRANT = 400
COLD_START_SECONDS = 21.0  # More than a request can wait for, so that the job is handed to the queue.
PATIENCE_SECONDS = 90.0


@dataclass
class Removal:
    photo: Path
    tier: str
    started: float
    url: str
    job: dict[str, Any]
    mode: str

    @property
    def has_ended(self) -> bool:
        return self.job["status"] in ("completed", "failed")


class Demo:
    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._user = stack.sign_up("demo@example.com")
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {self._user.token}"
        self._routes = f"{stack.api_url}/api/background-remover"

    def run(self) -> None:
        granted = self._stack.operate("grant", "--user", self._user.user_id, "--credits", str(GRANT))
        print(f"signed in; {granted}\n")
        print(f"{'photo':14}{'tier':14}{'answer':16}{'status':11}{'seconds':>8}{'credits':>9}{'balance':>9}  result")
        before = self._balance()["available"]
        removals: list[Removal] = []
        for name in PHOTOS:
            for tier in TIERS:
                removal = self._remove(ASSETS / name, tier, cold=not removals)
                if removal.has_ended:
                    self._report(removal)
                removals.append(removal)
        self._await([removal for removal in removals if not removal.has_ended])
        self._check_credits(before, spent=sum(TIERS[removal.tier].credits for removal in removals))
        if not any(removal.mode == "202, polled" for removal in removals):
            raise DemoError("no job was handed to the queue")
        rows = [[ASSETS / name, *(_result(ASSETS / name, tier) for tier in TIERS)] for name in PHOTOS]
        sheet = contact_sheet(["photo", *TIERS], rows)
        sheet.save(OUT / "contact-sheet.png")
        sheet.save(README_PICTURE, quality=85)
        print(f"\ncontact sheet: out/contact-sheet.png, and as a JPEG {README_PICTURE.relative_to(PROJECT)}\n")
        run_batch(self._http, self._routes, [ASSETS / name for name in PHOTOS], OUT / "batch")
        self._check_ledger()

    def _remove(self, photo: Path, tier: str, *, cold: bool) -> Removal:
        if cold:
            self._stack.hugging_face.play(Fault("cold_start", estimated_time=COLD_START_SECONDS))
        started = time.monotonic()
        url = f"{self._routes}/remove"
        answer = self._http.post(
            url, files={"image": (photo.name, photo.read_bytes())}, data={"tier": tier}, timeout=30
        )
        if answer.status_code == 200:
            job = answer.json()
            return Removal(photo, tier, started, urljoin(url, f"jobs/{job['jobId']}"), job, "200, inline")
        if answer.status_code != 202:
            raise DemoError(f"{photo.name}, {tier}: {answer.status_code} {answer.text}")
        print(f"{photo.name:14}{tier:14}{'202':16}handed to the queue")
        return Removal(
            photo, tier, started, urljoin(url, answer.headers["Location"]), answer.json(), mode="202, polled"
        )

    def _await(self, waiting: list[Removal]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while waiting and time.monotonic() < deadline:
            time.sleep(1)
            for removal in waiting:
                removal.job = self._get(removal.url)
            print(".", end="", flush=True)
            if any(removal.has_ended for removal in waiting):
                print()
            for removal in [removal for removal in waiting if removal.has_ended]:
                self._report(removal)
                waiting.remove(removal)
        if waiting:
            names = ", ".join(f"{removal.photo.name} ({removal.tier})" for removal in waiting)
            raise DemoError(f"not done after {PATIENCE_SECONDS:.0f} s: {names}. Logs are in .cache/demo")

    def _report(self, removal: Removal) -> None:
        job = removal.job
        if job["status"] != "completed":
            raise DemoError(f"{removal.photo.name}, {removal.tier}: {job}")
        seconds = time.monotonic() - removal.started
        result = _result(removal.photo, removal.tier)
        result.write_bytes(requests.get(job["result"]["url"], timeout=30).content)
        _check_cut_out(removal.photo, result)
        print(
            f"{removal.photo.name:14}{removal.tier:14}{removal.mode:16}{job['status']:11}{seconds:8.2f}"
            f"{job['credits']:9}{self._balance()['available']:9}  {result.relative_to(PROJECT)}"
        )

    def _check_credits(self, before: int, *, spent: int) -> None:
        balance = self._balance()
        if (balance["available"], balance["held"]) != (before - spent, 0):
            raise DemoError(
                f"{before} credits less {spent} spent is not {balance['available']}, {balance['held']} held"
            )
        print(f"\n{spent} credits spent, {balance['available']} left")
        self._check_ledger()

    def _check_ledger(self) -> None:
        balance = self._balance()
        ledger, cursor = list(balance["ledger"]), balance["nextCursor"]
        while cursor:
            page = self._get(f"{self._routes}/credits", limit=100, cursor=cursor)
            ledger += page["ledger"]
            cursor = page["nextCursor"]
        sums = {side: sum(entry[side] for entry in ledger) for side in ("available", "held")}
        if sums != {side: balance[side] for side in sums} or balance["held"]:
            raise DemoError(f"the ledger adds up to {sums}, the balance is another: {balance}")
        print(f"{len(ledger)} ledger entries add up to the balance: {balance['available']} available, none held")

    def _balance(self) -> dict[str, Any]:
        return self._get(f"{self._routes}/credits", limit=20)

    def _get(self, url: str, **query: str | int) -> dict[str, Any]:
        answer = self._http.get(url, params=query, timeout=30)
        if answer.status_code != 200:
            raise DemoError(f"{url}: {answer.status_code} {answer.text}")
        body: dict[str, Any] = answer.json()
        return body


def _result(photo: Path, tier: str) -> Path:
    return OUT / f"{photo.stem}-{tier}.png"


def _check_cut_out(photo: Path, result: Path) -> None:
    """Raises `DemoError` unless it is the photo, untouched where opaque, with some of it cut away."""
    with Image.open(photo) as before, Image.open(result) as after:
        if (after.mode, after.size) != ("RGBA", before.size):
            raise DemoError(f"{result.name} is {after.mode} {after.size}, the photo {before.size}")
        cutout, original = np.asarray(after), np.asarray(before.convert("RGB"))
    opaque = cutout[..., 3] == 255
    share = float(opaque.mean())
    if not 0.02 < share < 0.98:
        raise DemoError(f"{share:.0%} of {result.name} is opaque")
    if not np.array_equal(cutout[..., :3][opaque], original[opaque]):
        raise DemoError(f"{result.name} changed colours of the photo")


def main() -> None:
    OUT.mkdir(exist_ok=True)
    print("starting the emulator and the Hugging Face stand-in, deploying template.yaml …", flush=True)
    started = time.monotonic()
    with LocalStack.start(PROJECT / ".cache/demo") as stack:
        print(f"deployed in {time.monotonic() - started:.0f} s")
        try:
            Demo(stack).run()
        except DemoError as error:
            sys.exit(f"\nThe demo failed: {error}")
        except KeyboardInterrupt:
            sys.exit("\ninterrupted; stopped")
    print(f"done in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()

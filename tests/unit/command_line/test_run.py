"""How a run goes on after what can happen between its steps; the service's answers are played."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from click.testing import CliRunner

from cutout import main, state
from cutout.api import Api

SERVICE = "https://api.example.com"
API = f"{SERVICE}/api/background-remover"
STORAGE = "https://storage.example.com"


class Service:
    """Takes on batches, by their keys. `late`: how many photos arrive too late."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.batches: dict[str, list[str]] = {}
        self.status = dict[str, str]()
        self.late = 0
        mock.assert_all_requests_are_fired = False
        mock.add_callback("POST", f"{API}/pricing/calculate", lambda _: answer({"withSubscription": {"price": 6}}))
        mock.add_callback("POST", f"{API}/batch", self.create)
        mock.add_callback("GET", re.compile(f"{API}/batch/.*"), self.show)
        mock.add_callback("GET", re.compile(f"{API}/jobs/.*"), self.job)
        mock.add_callback("POST", re.compile(f"{STORAGE}/.*"), self.receive)
        mock.get(re.compile(f"{STORAGE}/.*"), body=b"cut-out")

    def create(self, request: requests.PreparedRequest) -> Any:
        key = request.headers["Idempotency-Key"]
        files = json.loads(str(request.body, "utf-8") if isinstance(request.body, bytes) else str(request.body))[
            "files"
        ]
        number = len(self.batches)
        ids = self.batches.setdefault(key, [f"job{number}-{position}" for position, _ in enumerate(files)])
        items = [
            {"jobId": each, "upload": {"url": f"{STORAGE}/{each}", "fields": {}}}
            for each in ids
            if self.status.setdefault(each, "awaiting_upload")
        ]
        return answer({"batchId": key, "items": items}, 201)

    def show(self, request: requests.PreparedRequest) -> Any:
        key = str(request.path_url).split("/batch/")[1].partition("?")[0]
        if key not in self.batches:
            return answer({"code": "batch_not_found", "detail": "No batch."}, 404)
        return answer({"items": [self._job(each) for each in self.batches[key]]})

    def job(self, request: requests.PreparedRequest) -> Any:
        return answer(self._job(str(request.path_url).split("/jobs/")[1]))

    def receive(self, request: requests.PreparedRequest) -> Any:
        self.status[str(request.url).rsplit("/", 1)[1]] = "expired" if self.late > 0 else "completed"
        self.late -= 1
        return 204, {}, ""

    def _job(self, job_id: str) -> dict[str, Any]:
        links = {"result": {"url": f"{STORAGE}/{job_id}"}}
        return {"jobId": job_id, "status": self.status[job_id], "credits": 3, **links}


def answer(body: dict[str, Any], status: int = 200) -> tuple[int, dict[str, str], str]:
    kind = "application/problem+json" if status >= 400 else "application/json"
    return status, {"Content-Type": kind, "Preference-Applied": "wait=3"}, json.dumps(body)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("CUTOUT_API", SERVICE)
    monkeypatch.setenv("CUTOUT_KEY", "brp_key")
    with responses.RequestsMock() as mock:
        yield Service(mock)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"photo")
    return folder


def cutout(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Exit code and stderr."""
    with pytest.raises(SystemExit) as ended:
        main.main([str(argument) for argument in arguments])
    return int(ended.value.code or 0), capsys.readouterr().err


def dying_at(monkeypatch: pytest.MonkeyPatch, call: str, *, after: bool) -> None:
    """The first such call of a run is its end: as it begins, or when the service has done it."""
    alive = getattr(Api, call)

    def die(*arguments: Any, **named: Any) -> None:
        if after:
            alive(*arguments, **named)
        monkeypatch.setattr(Api, call, alive)
        raise KeyboardInterrupt

    monkeypatch.setattr(Api, call, die)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", ["create_batch", "batch"])
def test_whenever_a_run_ends_the_next_one_goes_on_with_the_same_batch(
    service: Service,
    photos: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    *,
    after: bool,
) -> None:
    dying_at(monkeypatch, call, after=after)
    stopped = cutout(capsys, photos)
    kept = (photos / "cutouts" / state.NAME).exists()

    resumed = cutout(capsys, photos)

    assert (stopped[0], kept, resumed[0]) == (130, True, 0)
    assert len(service.batches) == 1
    assert sorted(file.name for file in (photos / "cutouts").iterdir()) == ["a.png", "b.png"]


def test_a_batch_that_is_gone_is_sent_anew(
    service: Service, photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dying_at(monkeypatch, "batch", after=False)
    cutout(capsys, photos)
    monkeypatch.setattr(state.Order, "age", lambda _: 3600.0)  # No form is awaited any more.
    service.batches.clear()

    code, _ = cutout(capsys, photos)

    assert (code, len(service.batches)) == (0, 1)


def test_photos_that_come_too_late_are_sent_again(
    service: Service, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.late = 2

    code, err = cutout(capsys, photos)

    assert code == 0, err
    assert [len(jobs) for jobs in service.batches.values()] == [2, 2]


def test_with_other_options_an_unfinished_run_is_not_mixed_up(
    service: Service, photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dying_at(monkeypatch, "batch", after=False)
    cutout(capsys, photos)

    code, err = cutout(capsys, photos, "-t", "basic")

    assert (code, "tier=standard" in err, len(service.batches)) == (2, True, 1)


def test_an_answer_of_no_sends_nothing(
    service: Service, photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)

    code, err = cutout(capsys, photos)

    assert (code, "2 photos in tier standard: 6 credits." in err, service.batches) == (1, True, {})


def test_who_says_yes_is_not_asked(
    service: Service, photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: pytest.fail("asked"))

    assert cutout(capsys, photos, "--yes")[0] == 0
    assert len(service.batches) == 1


def test_short_colours_are_written_in_full() -> None:
    fields = main._fields("png", tier="basic", background="#fA0", crop=None, max_size=None, matte=False)
    assert fields["background"] == "#ffAA00"


def test_login_tries_what_it_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.get_app_dir", lambda _: str(tmp_path))
    with responses.RequestsMock() as mock:
        mock.get(f"{API}/credits", json={"available": 30})
        outcome = CliRunner().invoke(main.cli, ["login"], input=f"{SERVICE}\nbrp_key\n")

    assert (outcome.exit_code, "You have 30 credits" in outcome.output) == (0, True)
    assert "brp_key" not in outcome.output
    assert (tmp_path / "config.toml").read_text() == f'api = "{API}"\nkey = "brp_key"\n'

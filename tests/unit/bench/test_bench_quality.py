"""What `make bench-quality` measures, on two small scenes."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from background_remover.domain.tiers import TIERS
from imaging.looks import Look
from imaging.matte import Matte
from imaging.photo import EncodedImage
from tests.bench.quality import report
from tests.bench.quality.mattes import KINDS
from tests.bench.quality.measures import alpha_errors
from tests.bench.quality.on_scene import OnScene, on_scene
from tests.bench.quality.scenes import scene
from tests.bench.quality.sheet import SIDE, draw
from tests.bench.quality.sights import COPIES, RULES, Sight, asked_of, sights
from tests.stack.hugging_face import OneSided
from tests.unit.bench.small_scenes import Brightness
from tests.unit.bench.small_scenes import folder as folder


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def seen_rightly(folder: Path, files: Path) -> list[OnScene]:
    ask = asked_of(Brightness())
    return [on_scene(folder, files, position, ask, border=0.0, model_alone=False) for position in range(2)]


@pytest.fixture(scope="module")
def seen_from_one_side(folder: Path, files: Path) -> list[OnScene]:
    ask = asked_of(OneSided())
    return [on_scene(folder, files, position, ask, border=0.0, model_alone=True) for position in range(2)]


# ---- measures --------------------------------------------------------------------------------------------------------


def test_haze_is_what_is_half_transparent_where_the_truth_is_not() -> None:
    truth = np.array([[0.0, 1.0, 0.0, 0.5]], np.float32)
    alpha = np.array([[0.2, 0.8, 0.05, 0.5]], np.float32)

    assert alpha_errors(alpha, truth).haze == pytest.approx(500)


def test_wrong_is_what_is_on_the_other_side_of_one_half() -> None:
    truth = np.array([[0.0, 1.0, 0.6, 0.4]], np.float32)
    alpha = np.array([[0.9, 0.1, 0.5, 0.3]], np.float32)

    assert alpha_errors(alpha, truth).wrong == pytest.approx(500)


# ---- what a model is shown -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("border", "inferences"), [(0.0, 7), (0.1, 8)])
def test_a_scene_takes_so_many_inferences(folder: Path, tmp_path: Path, border: float, inferences: int) -> None:
    asked: list[EncodedImage] = []

    def ask(image: EncodedImage) -> Matte:
        asked.append(image)
        return np.full((image.height, image.width), 255, np.uint8)

    on_scene(folder, tmp_path, 0, ask, border=border, model_alone=True)

    assert len(asked) == len(sights(border)) == inferences
    assert len({image.content for image in asked}) >= inferences - 2  # both long edges are the small scene's own


@pytest.mark.parametrize(
    ("sight", "size"), [(Sight(), (1280, 1024)), (Sight(long_edge=1024), (1024, 819)), (Sight(Look(border=0.1)), None)]
)
def test_a_copy_has_the_size_that_it_is_called_by(sight: Sight, size: tuple[int, int] | None, tmp_path: Path) -> None:
    shown: list[tuple[int, int]] = []

    def ask(image: EncodedImage) -> Matte:
        shown.append((image.width, image.height))
        return np.zeros((image.height, image.width), np.uint8)

    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (2000, 1600)).save(photo)
    matte = sight.matte(ask, photo.read_bytes())

    assert shown == [size or (1280 + 2 * 128, 1024 + 2 * 104)]
    assert matte.shape[::-1] == (size or (1280, 1024))


# ---- what is found ---------------------------------------------------------------------------------------------------


def test_everything_is_measured_on_every_scene(seen_rightly: list[OnScene], files: Path) -> None:
    of_model = report.of_model(seen_rightly, 0.0)
    of_no_model = report.of_no_model([each.no_model for each in seen_rightly if each.no_model], {})

    assert (of_model["scenes"], of_no_model["scenes"]) == (2, 2)
    assert (list(of_model["looks"]), list(of_model["copies"])) == (list(RULES), list(COPIES))
    assert list(of_no_model["worse_truths"]) == list(KINDS)
    for tiers in (of_model["tiers"], *of_no_model["worse_truths"].values()):
        assert list(tiers) == list(TIERS)
        assert all(np.isfinite(value) for measures in tiers.values() for value in measures.values())
    assert sorted(path.name for path in files.iterdir()) == ["0.jpg", "0.png", "1.jpg", "1.png"]


def test_a_model_without_mistakes_has_hardly_any_errors(seen_rightly: list[OnScene]) -> None:
    of_model = report.of_model(seen_rightly, 0.0)

    for table in ("looks", "copies", "tiers"):
        assert [name for name, errors in of_model[table].items() if errors["wrong"] > 10] == []
    assert of_model["contradictions"] == 0


def test_the_third_look_decides_where_two_contradict_each_other(seen_from_one_side: list[OnScene]) -> None:
    of_model = report.of_model(seen_from_one_side, 0.0)

    looks = of_model["looks"]
    assert of_model["contradictions"] == 1
    assert looks["mean_of_two"]["haze"] > 900
    assert looks["third_where_two_contradict"] == looks["median_of_three"]
    assert of_model["tiers"]["industry"]["haze"] < 100


def test_the_scene_and_its_mirror_image_count_alike(seen_from_one_side: list[OnScene], folder: Path) -> None:
    truth = scene(folder, 0).alpha
    left, right = np.zeros_like(truth), np.zeros_like(truth)
    left[:, : truth.shape[1] // 2] = right[:, truth.shape[1] // 2 :] = 1

    assert [errors.wrong for errors in seen_from_one_side[0].model.looks["one"]] == pytest.approx(
        [alpha_errors(left, truth).wrong, alpha_errors(right, truth).wrong], abs=5
    )


# ---- what is written -------------------------------------------------------------------------------------------------


def test_the_sheet_shows_edges_and_the_subjects_of_which_two_looks_contradict_each_other(
    seen_rightly: list[OnScene], seen_from_one_side: list[OnScene], tmp_path: Path
) -> None:
    heights = []
    for found in (seen_rightly, seen_from_one_side):
        subjects = [each.model.row for each in found if each.model.row]
        sections = {"edges": [each.row for each in found], "subjects": subjects}
        draw(sections, ["photo", *TIERS, "truth"], tmp_path / "sheet.png")
        with Image.open(tmp_path / "sheet.png") as sheet:
            assert sheet.width > 6 * SIDE
            heights.append(sheet.height)

    assert heights[0] > 2 * SIDE
    assert heights[1] > heights[0] + SIDE / 2


def test_a_model_takes_its_place_beside_others_and_leaves_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "bench-quality.json"
    report.write(file, "u2netp", {"scenes": 2}, {"paths": {}})
    report.write(file, "isnet", {"scenes": 3}, None)
    report.write(file, "isnet", {"scenes": 4}, None)

    assert json.loads(file.read_text()) == {
        "models": {"u2netp": {"scenes": 2}, "isnet": {"scenes": 4}},
        "without_model": {"paths": {}},
    }


def test_the_tables_name_everything(seen_rightly: list[OnScene], capsys: pytest.CaptureFixture[str]) -> None:
    found = [each.no_model for each in seen_rightly if each.no_model]
    paths = {"rembg": {"cpu_s": 1.8}}
    report.show("a model", report.of_model(seen_rightly, 0.0), report.of_no_model(found, paths))

    printed = capsys.readouterr().out
    names = (*RULES, *COPIES, *TIERS, *KINDS, "rembg", *asdict(seen_rightly[0].model.tiers["basic"][0]))
    assert [name for name in names if name not in printed] == []

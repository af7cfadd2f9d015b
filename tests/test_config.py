"""Tests of `dreamplay.config`."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dreamplay.config
from dreamplay.errors import CheckpointError, StorageError
from tests import tiny
from tests.samples import config

LOOK = {"pictures": 2, "lasts": 4, "behind": False, "within": [], "across": 1, "arm": []}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)


def table() -> dict[str, Any]:
    """The JSON of a valid config, to be spoiled."""
    made: dict[str, Any] = json.loads(dreamplay.config.write(config()))
    return made


def refusal(text: str) -> str:
    """What is said of a config that is refused: one line that names the file."""
    with pytest.raises(CheckpointError) as caught:
        dreamplay.config.read(text)
    message = str(caught.value)
    assert message.startswith("config.json: ")
    assert len(message.splitlines()) == 1
    return message


def spoil(path: str, value: object) -> str:
    """A valid config's text with one value exchanged."""
    made = table()
    place: Any = made
    *parents, last = path.split(".")
    for parent in parents:
        place = place[parent]
    place[last] = value
    return json.dumps(made)


def test_a_config_survives_a_round_trip(tmp_path: Path) -> None:
    dreamplay.config.save(tmp_path, config())
    assert dreamplay.config.load(tmp_path) == config()
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_absent_networks_and_gates_survive_a_round_trip() -> None:
    without = replace(config(), motion=None, denoiser=replace(config().denoiser, gate=None))
    assert dreamplay.config.read(dreamplay.config.write(without)) == without


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("_target_", "os.system", "unknown key '_target_' with value 'os.system'"),
        ("denoiser.auto_map", {}, "unknown key 'denoiser.auto_map'"),
        ("denoiser.backbone", "os.path", "denoiser.backbone is 'os.path', allowed is one of"),
        ("denoiser.backbone", "../unet", "denoiser.backbone is '../unet'"),
        ("format", 2, "format is 2, this dreamplay reads format 1"),
        ("format", True, "format is True, expected is a whole number"),
        ("codec.width", 10**9, "codec.width is 1000000000, allowed is 8 to 512"),
        ("codec.width", 10**5000 // 10**4900, "codec.width is 1000"),
        ("codec.width", 16.0, "codec.width is 16.0, expected is a whole number"),
        ("codec.width", True, "codec.width is True, expected is a whole number"),
        ("codec.width", None, "codec.width is None"),
        ("codec", [], "codec is [], expected is an object"),
        ("context", "4", "context is '4', expected is a whole number"),
        ("denoiser.widths", [32] * 99, "denoiser.widths has 99 entries, allowed are 1 to 6"),
        ("denoiser.widths", [32, 10**9], "denoiser.widths[1] is 1000000000"),
        (
            "denoiser.looks",
            [{"kinds": [1], "first": 1, **LOOK}],
            "denoiser.looks is 'a list of 1', allowed is none",
        ),
        ("sigmas", [1.0, 2.0], "sigmas is (1.0, 2.0), allowed is a falling list"),
        ("sigmas", [0], "sigmas is (0.0,)"),
        ("palette", [[0, 0]], "palette[0] has 2 entries, allowed are exactly 3"),
        ("palette", [[0, 0, 256]], "palette[0] is (0, 0, 256)"),
        ("status_rows", 12, "status_rows is 12, allowed is a multiple of 8"),
        ("name", "../../etc", "name is '../../etc'"),
        ("license", "\x1b[2J", "license is '\\x1b[2J'"),
        ("license", "x" * 5000, "license is 'xxx"),
        ("game.fps", 0, "game.fps is 0.0, allowed is 1 to 240"),
        ("game.width", 10**6, "game.width is 1000000"),
        ("game.buttons", ["a", "a"], "game.buttons is ('a', 'a')"),
        ("game.keys", {"jump": ["x"]}, "game.keys is 'jump'"),
        ("game.opposites", [["left", "west"]], "game.opposites is ('left', 'west')"),
        ("quality", {"skill": "good"}, "quality.skill is 'good', expected is a number"),
        ("sha256", {"codec.safetensors": "abc"}, "sha256.codec.safetensors is 'abc', allowed is 64 hex"),
        ("sha256", {"../codec.safetensors": "0" * 64}, "sha256 is '../codec.safetensors', allowed is one of"),
        ("sha256", {"model.pt": "0" * 64}, "sha256 is 'model.pt'"),
    ],
)
def test_a_wrong_value_is_refused_by_key_and_value(path: str, value: object, words: str) -> None:
    assert words in refusal(spoil(path, value))


@pytest.mark.parametrize(
    ("kinds", "first", "words"),
    [
        ([2, 5], 3, "denoiser.looks.kinds is 5, allowed is 1 to 4"),
        ([0], 3, "denoiser.looks.kinds is 0"),
        ([3, 3], 3, "denoiser.looks.kinds is 3, allowed is 1 to 4, each once"),
        ([3], 7, "denoiser.looks.first is 7, allowed is numbers but those of the digits from 8, each once"),
        ([3, 4], 14, "denoiser.looks.first is 14, allowed is numbers but those of the digits"),
        ([3, 4], 2, "denoiser.looks.first is 5, allowed is numbers but those of the digits"),
    ],
)
def test_pictures_of_their_own_need_numbers_and_kinds_that_are_things(kinds: list[int], first: int, words: str) -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["denoiser"]["looks"] = [{"kinds": kinds, "first": first, **LOOK}, {"kinds": [1], "first": 5, **LOOK}]
    assert words in refusal(json.dumps(made))


@pytest.mark.parametrize(("arm", "across"), [([1] * 10, 1), ([1] * 8, 1), ([1] * 9, 2)])
def test_an_arm_has_nine_numbers_for_each_picture(arm: list[int], across: int) -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["denoiser"]["looks"][0] |= {"first": 40, "arm": arm, "across": across}
    assert f"denoiser.looks.arm is 'a list of {len(arm)}', allowed is 9 numbers" in refusal(json.dumps(made))


@pytest.mark.parametrize(("kind", "allowed"), [(0, "1 to 4"), (5, "1 to 4")])
def test_only_things_have_timers(kind: int, allowed: str) -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["counters"][1]["timers"] = [4, kind]
    assert f"counters[1].timers is {kind}, allowed is {allowed}" in refusal(json.dumps(made))
    made["motion"], made["denoiser"]["looks"], made["denoiser"]["backdrop"] = None, [], False
    assert "counters[0].timers is 3, allowed is none without motion" in refusal(json.dumps(made))


@pytest.mark.parametrize(("kind", "allowed"), [(0, "1 to 4"), (5, "1 to 4")])
def test_only_things_settle_and_make_grow(kind: int, allowed: str) -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["motion"]["grows"] = [4, kind]
    assert f"motion.grows is {kind}, allowed is {allowed}" in refusal(json.dumps(made))
    made["motion"]["grows"], made["denoiser"]["settles"] = [], [4, kind]
    assert f"denoiser.settles is {kind}, allowed is {allowed}" in refusal(json.dumps(made))
    made["motion"], made["denoiser"]["looks"], made["denoiser"]["backdrop"] = None, [], False
    assert "denoiser.settles is 4, allowed is none without motion" in refusal(json.dumps(made))


@pytest.mark.parametrize("guide", [[8, 8, 1], [-1, 8, 1], [0, 8, 8], [0, 8, -1]])
def test_a_console_guides_somewhere_and_with_the_game_s_buttons(guide: list[int]) -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["motion"]["guided"] = [[0, 8, 7], guide]
    assert f"motion.guided is {tuple(guide)}, allowed is two odometer readings" in refusal(json.dumps(made))


@pytest.mark.parametrize("beat", [1, 2])
def test_a_clock_counts_down_another_one(beat: int) -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["counters"][1]["beat"] = beat
    assert f"counters[1].beat is {beat}, allowed is -1 or another below 2" in refusal(json.dumps(made))


def test_a_clock_begins_again_at_what_it_can_show() -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["counters"][1]["reset"] = made["counters"][1]["period"]
    assert f"counters[1].reset is {made['counters'][1]['period']}, allowed is -1 or less" in refusal(json.dumps(made))


@pytest.mark.parametrize("elsewhere", [[[200, 1], [100, 1]], [[100, 1], [100, 2]], [[100, -1]], [[100, 10**9]]])
def test_a_clock_begins_again_elsewhere_at_rising_places(elsewhere: list[list[int]]) -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["counters"][1]["elsewhere"] = elsewhere
    assert "counters[1].elsewhere is" in refusal(json.dumps(made))


def test_a_clock_is_tied_modulo_a_divisor_of_its_period() -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["counters"][1]["tied"] = made["counters"][1]["period"] - 1
    assert f"counters[1].tied is {made['counters'][1]['tied']}, allowed is 0 or a divisor" in refusal(json.dumps(made))


def test_a_scene_ends_with_timers_alone() -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["counters"][1]["timers"], made["counters"][1]["ends"] = [3], [3, 4]
    assert "counters[1].ends is (3, 4), allowed is a part of its timers" in refusal(json.dumps(made))


@pytest.mark.parametrize("pays", [[5], [0, 0]])
def test_things_pay_no_more_than_a_clock_has_steps(pays: list[int]) -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["counters"][0]["pays"] = pays
    assert f"counters[0].pays is {tuple(pays)}, allowed is a list of 0 to 4, no longer" in refusal(json.dumps(made))


@pytest.mark.parametrize(("key", "value"), [("context", 1), ("motion", None)])
def test_a_backdrop_needs_past_frames_and_things(key: str, value: object) -> None:
    made = json.loads(dreamplay.config.write(tiny.config()))
    made["denoiser"]["looks"], made[key] = [], value
    assert "denoiser.backdrop is True, allowed is false with a context of 1" in refusal(json.dumps(made))


def test_a_palette_needs_codes_of_its_colours() -> None:
    made = table()
    made["palette"], made["codec"]["colors"] = [[0, 0, 0], [255, 255, 255]], 0
    assert "codec.colors is 0, allowed is 1 to 32 where there is a palette" in refusal(json.dumps(made))
    made["palette"] = []
    dreamplay.config.read(json.dumps(made))


@pytest.mark.parametrize("key", sorted(table()))
def test_every_key_must_be_there(key: str) -> None:
    made = table()
    del made[key]
    assert f"key '{key}' is missing" in refusal(json.dumps(made))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no JSON"),
        ("[]", "the file is [], expected is an object"),
        ("null", "the file is None"),
        ("{" * 50_000, "is no JSON"),
        ("[" * 1_000_000, "is nested too deeply"),
        ('{"a":' * 100_000, "is nested too deeply"),
        ('{"name": 1, "name": 2}', "key 'name' stands there twice"),
        ('{"codec": {"width": 1, "width": 2}}', "key 'width' stands there twice"),
        ('{"temperature": NaN}', "NaN is no JSON number"),
        ('{"temperature": -Infinity}', "-Infinity is no JSON number"),
        ('{"temperature": 1e999}', "number '1e999' is too large"),
        ('{"temperature": ' + "9" * 5000 + "}", "is no JSON"),
        (" " * (1 << 20) + "{}", "is larger than 1048576 bytes"),
        ("!!python/object/apply:os.system [id]", "is no JSON"),
    ],
)
def test_text_that_is_no_strict_json_is_refused(text: str, words: str) -> None:
    assert words in refusal(text)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b'{"name": "\xff"}')
    with pytest.raises(CheckpointError, match="is not UTF-8"):
        dreamplay.config.load(tmp_path)


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such file"):
        dreamplay.config.load(tmp_path)
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(CheckpointError, match="not a regular file"):
        dreamplay.config.load(tmp_path)


def test_a_link_out_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(dreamplay.config.write(config()))
    (tmp_path / "mario").mkdir()
    (tmp_path / "mario" / "config.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match="is a link to"):
        dreamplay.config.load(tmp_path / "mario")


def test_a_link_into_the_blobs_of_its_own_snapshot_is_followed(tmp_path: Path) -> None:
    repository = tmp_path / "models--user--mario"
    (repository / "blobs").mkdir(parents=True)
    (repository / "blobs" / "0123").write_text(dreamplay.config.write(config()))
    snapshot = repository / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/0123")
    assert dreamplay.config.load(snapshot) == config()


def test_a_config_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="context is 0"):
        dreamplay.config.save(tmp_path, replace(config(), context=0))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write"):
        dreamplay.config.save(tmp_path / "file", config())


@given(st.sampled_from([*table(), "codec.width", "denoiser.widths", "game.buttons", "new"]), JSON)
def test_whatever_stands_there_is_read_or_refused_in_one_line(path: str, value: object) -> None:
    text = spoil(path, value)
    try:
        assert dreamplay.config.read(text)
    except CheckpointError as error:
        assert len(str(error).splitlines()) == 1


def test_reading_a_config_imports_no_torch() -> None:
    code = "import sys, dreamplay.config as c; c.backbones(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

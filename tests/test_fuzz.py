"""Whatever stands in a file, reading it gives a value or one line: nothing else is ever raised.

Hypothesis starts from honest files and spoils them, so that the search gets past the first check.
"""

import json
import os
import struct
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import dreamplay.config
import dreamplay.settings
from dreamplay import movie, recorder, shelf, toml, weights
from dreamplay.errors import DreamplayError
from tests.attacks.kept import STATE, dreamed, honest_state
from tests.attacks.networks import BODY, HEADER, pack
from tests.attacks.recordings import FRAME, MOVIE, PLAYED, STEP, framed
from tests.samples import config

SEARCH = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)

NUMBERS = st.integers(-2, 300) | st.integers(-(2**70), 2**70) | st.floats() | st.booleans() | st.none()
LEAVES = NUMBERS | st.text(max_size=8) | st.sampled_from(["F32", "U8", "real", "../x", "unet", "a", "\x1b[2J"])
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def fine(error: DreamplayError) -> bool:
    """Whether an error is one printable line."""
    return str(error).isprintable() and bool(str(error))


@st.composite
def spoiled(draw: st.DrawFn, text: str) -> Any:
    """A JSON value in which up to three places hold something else, are gone, or have a neighbour."""
    table = json.loads(text)
    for _ in range(draw(st.integers(1, 3))):
        place, way = table, table
        while isinstance(place, dict | list) and place and draw(st.integers(0, 4)):
            way = place
            key: Any = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            place = place[key]
        if way is place:
            continue
        if isinstance(way, dict) and draw(st.booleans()):
            way[draw(st.text(max_size=6))] = draw(JSON)
        elif draw(st.integers(0, 3)):
            way[key] = draw(JSON)
        else:
            del way[key]
    return table


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes with up to four places cut, exchanged or filled in."""
    made = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(made)))
        made[at : at + draw(st.integers(0, 6))] = draw(
            st.binary(max_size=6) | st.sampled_from([b"\n", b"1", b"{", b'"'])
        )
    return bytes(made)


@SEARCH
@given(header=spoiled(json.dumps(HEADER)), body=st.sampled_from([BODY, b"", BODY * 2]))
def test_any_header_is_refused_or_read_by_the_library_too(folder: Path, header: Any, body: bytes) -> None:
    path = folder / "fuzz.safetensors"
    path.write_bytes(pack(header, body))
    try:
        weights.check(path, {"bias": ((4,), None), "weight": ((2, 4), None)})
    except DreamplayError as error:
        assert fine(error)
    else:
        assert {name: array.shape for name, array in load_file(path).items()} == {"bias": (4,), "weight": (2, 4)}


@SEARCH
@given(damaged(pack(HEADER)))
def test_any_damage_to_weights_is_refused_or_harmless(folder: Path, content: bytes) -> None:
    path = folder / "fuzz.safetensors"
    path.write_bytes(content)
    try:
        weights.check(path, {"bias": ((4,), None), "weight": ((2, 4), None)})
    except DreamplayError as error:
        assert fine(error)
    else:
        assert set(load_file(path)) == {"bias", "weight"}


@SEARCH
@given(spoiled(dreamplay.config.write(config())))
def test_any_config_is_refused_or_written_as_it_was_read(table: Any) -> None:
    try:
        read = dreamplay.config.read(json.dumps(table))
    except DreamplayError as error:
        assert fine(error)
    else:
        assert dreamplay.config.read(dreamplay.config.write(read)) == read


@pytest.fixture(scope="module")
def text(folder: Path) -> bytes:
    movie.write(folder / MOVIE, PLAYED)
    return (folder / MOVIE).read_bytes()


@SEARCH
@given(data=st.data())
def test_any_movie_is_refused_or_written_as_it_was_read(folder: Path, text: bytes, data: st.DataObject) -> None:
    path = folder / MOVIE
    header, runs = text.split(b"\n", 1)
    if data.draw(st.booleans()):
        path.write_bytes(json.dumps(data.draw(spoiled(header.decode()))).encode() + b"\n" + runs)
    else:
        path.write_bytes(data.draw(damaged(text)))
    try:
        read = movie.read(path)
    except DreamplayError as error:
        assert fine(error)
    else:
        movie.write(path, read)
        assert movie.read(path) == replace(read, checksums=read.checksums)


RECORDS = st.lists(
    st.sampled_from([FRAME, STEP, b"", b"U", b"F", b"S", STEP + b"x"])
    | st.integers(0, 2**32 - 1).map(lambda count: b"U" + struct.pack("<I", count))
    | st.binary(max_size=20),
    max_size=6,
)
HEADS = st.none() | spoiled(json.dumps(PLAYED.header.__dict__)) | JSON
TARGETS = st.sampled_from(["run.gif", "run.movie", "run.txt", "", "a\0.gif"]) | st.text(max_size=8)


@SEARCH
@given(
    records=RECORDS, film=spoiled('{"fps": 30.0, "height": 24, "width": 32, "header": null}'), head=HEADS, name=TARGETS
)
def test_any_journal_is_refused_and_kept_or_becomes_its_file(
    folder: Path, records: list[bytes], film: Any, head: Any, name: str
) -> None:
    journal, out = folder / "run.gif.journal", folder / "out"
    if isinstance(film, dict) and head is not None:
        film["header"] = head
    plan = json.dumps({"target": os.fspath(out / name.replace("/", "_")), "film": film}).encode()
    journal.write_bytes(framed(plan, *records))
    try:
        made = recorder.export(journal)
    except DreamplayError as error:
        assert fine(error)
        assert journal.exists()
        assert not out.exists() or not list(out.iterdir())
    else:
        assert not journal.exists()
        assert made.read_bytes()[:6] in (b"GIF89a", b'{"form')
        made.unlink()


@SEARCH
@given(damaged(framed(b'{"target": "/nowhere/run.gif", "film": {"fps": 30}}', FRAME)))
def test_any_damage_to_a_journal_is_refused_or_harmless(folder: Path, content: bytes) -> None:
    journal = folder / "run.gif.journal"
    journal.write_bytes(content)
    with pytest.raises(DreamplayError) as caught:
        recorder.export(journal)
    assert fine(caught.value)


SETTINGS = b"""scale = 4
aspect = "8:7"
toggles = ["rewind"]
[keys.mario]
a = ["space", "x"]
[hotkeys]
reset = ["ctrl+r"]
"""


@SEARCH
@given(damaged(SETTINGS))
def test_any_settings_are_refused_or_read(folder: Path, content: bytes) -> None:
    path = folder / "config.toml"
    path.write_bytes(content)
    try:
        read = dreamplay.settings.read(path)
    except DreamplayError as error:
        assert fine(error)
    else:
        assert all(word.startswith("--") for word in read.words)


@SEARCH
@given(damaged(SETTINGS) | st.just(b"a = " + b"[" * 30_000))
def test_any_settings_are_changed_in_one_place_or_left_alone(folder: Path, content: bytes) -> None:
    path = folder / "changed.toml"
    path.write_bytes(content)
    try:
        toml.change(path, {("hud-size",): 150})
    except DreamplayError as error:
        assert fine(error)
        assert path.read_bytes() == content
    else:
        before, after = tomllib.loads(content.decode()), tomllib.loads(path.read_text())
        assert after["hud-size"] == 150
        kept = {name: value for name, value in after.items() if name != "hud-size"}
        assert kept == {name: value for name, value in before.items() if value != {} and name != "hud-size"}


@pytest.mark.slow
@settings(SEARCH, max_examples=40)
@given(table=st.data())
def test_any_config_makes_networks_that_dream_or_is_refused(folder: Path, table: st.DataObject) -> None:
    import torch

    from dreamplay import checkpoint
    from dreamplay.dream import Dream
    from dreamplay.models.model import Model
    from tests import tiny

    numbers = json.loads(dreamplay.config.write(tiny.config()))
    network = table.draw(st.sampled_from(["codec", "motion", "denoiser"]))
    key = table.draw(st.sampled_from(sorted(key for key, value in numbers[network].items() if type(value) is int)))
    numbers[network][key] = table.draw(st.integers(0, 24))
    numbers["denoiser"]["widths"] = table.draw(st.lists(st.integers(1, 24), min_size=1, max_size=4))
    numbers["status_rows"] = table.draw(st.sampled_from([0, 8, 16, 32]))
    numbers["game"] |= {"height": 8 * table.draw(st.integers(8, 12)), "width": 8 * table.draw(st.integers(8, 12))}
    numbers["context"] = table.draw(st.integers(1, 5))
    try:
        made = dreamplay.config.read(json.dumps(numbers))
        plan = checkpoint.planned(made)
    except DreamplayError as error:
        assert fine(error)
        return
    torch.manual_seed(0)
    model = Model(made)
    assert {name: tensor.shape for name, tensor in model.state_dict().items()} == {
        name: tensor.shape for name, tensor in plan.state_dict().items()
    }
    dream = Dream(checkpoint.Cartridge(made, model.eval(), tiny.ring(made, 1)))
    assert dream.reset(0).shape == dream.step(1).shape == (made.game.height, made.game.width, 3)
    assert dream.step(0).dtype == np.uint8


@SEARCH
@given(st.data())
def test_any_save_state_is_refused_or_dreamed_on_from(folder: Path, table: st.DataObject) -> None:
    world, path = dreamed(), folder / STATE
    path.write_bytes(honest_state())
    arrays = load_file(path)
    for name in table.draw(st.lists(st.sampled_from(sorted(arrays)), min_size=1, max_size=3, unique=True)):
        if arrays[name].size:
            low, high = int(np.iinfo(arrays[name].dtype).min), int(np.iinfo(arrays[name].dtype).max)
            number = st.integers(max(low, -3), min(high, 300)) | st.integers(low, high)
            arrays[name].flat[table.draw(st.integers(0, arrays[name].size - 1))] = table.draw(number)
    save_file(arrays, path)
    try:
        saved = shelf.load(path, world)
    except DreamplayError as error:
        assert fine(error)
        return
    shown = world.restore(saved.state)
    assert all(world.step(buttons).shape == shown.shape for buttons in range(4))


@SEARCH
@given(st.data())
def test_any_damage_to_a_save_state_is_refused_or_harmless(folder: Path, table: st.DataObject) -> None:
    path = folder / STATE
    path.write_bytes(table.draw(damaged(honest_state())))
    try:
        saved = shelf.load(path, dreamed())
    except DreamplayError as error:
        assert fine(error)
    else:
        assert saved.frame.dtype == np.uint8

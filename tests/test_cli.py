"""The command line as users meet it: words, exit codes, what survives."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PIL import Image

from dreamplay import movie, trial
from tests import tiny
from tests.display import focus, virtual_display, xdotool
from tests.patience import HANGS, stretched
from tests.test_dream import cartridge
from training import export

DREAMPLAY = [sys.executable, "-m", "dreamplay"]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment without display, with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if "DISPLAY" not in name and not name.startswith("SDL_")}
    return {**kept, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "HF_HUB_OFFLINE": "1"}


def run(home: dict[str, str], *words: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [*DREAMPLAY, *words], env=home, cwd=home["HOME"], capture_output=True, text=True, timeout=HANGS
    )
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--frob"], 2, "--frob"),
        (["frob"], 2, "invalid choice: 'frob'"),
        (["--model", "zelda"], 2, "no model named 'zelda'"),
        (["--steps", "0"], 2, "'0' is not a whole number"),
        (["--seed", "9" * 20], 2, "'99999999999999999999' is not a whole number"),
        (["--fps", "fast"], 2, "'fast' is not a number"),
        (["--frames", "9"], 2, "--frames needs --headless"),
        (["--verify"], 2, "--verify needs --replay"),
        (["--replay", "no.movie", "--headless"], 2, "no.movie"),
        (["--real", "--model", "zelda"], 2, "zelda"),
        (["bench", "--model", "zelda"], 2, "no model named 'zelda'"),
        (["verify", "zelda"], 2, "zelda"),
        (["--set", "scale=99"], 2, "--scale"),
        (["--set", "speed=1"], 2, "no setting named 'speed'"),
        (["--config", "no.toml"], 2, "no.toml"),
    ],
)
def test_a_mistake_is_one_line_and_its_exit_code(home: dict[str, str], words: list[str], code: int, says: str) -> None:
    lines = run(home, *words, code=code).stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("E-USE  ")
    assert says in lines[0]


@pytest.mark.parametrize(("typed", "start"), [("\n", "1-3+58px"), ("\x04", "1-3+58px"), ("2\n", "1-4+321px")])
def test_in_a_terminal_it_asks_which_model_and_no_answer_is_the_first(
    home: dict[str, str], typed: str, start: str
) -> None:
    terminal, end = os.openpty()
    with subprocess.Popen(
        [*DREAMPLAY, "--headless", "--frames", "1", "--start", "nowhere"], env=home, stdin=end, stdout=end, stderr=end
    ) as asked:
        os.close(end)
        told, answered = "", False
        while "nowhere" not in told:
            told += os.read(terminal, 1 << 16).decode()
            if "Play which" in told and not answered:
                answered = bool(os.write(terminal, typed.encode()))
        assert asked.wait(HANGS) == 2
    assert start in told
    os.close(terminal)


def test_a_folder_that_is_no_cartridge_is_one_line(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "endless").mkdir()
    (tmp_path / "endless" / "config.json").symlink_to("/dev/zero")
    for name, says in {"empty": "config.json: no such file in empty", "endless": "is a link to /dev/zero"}.items():
        (line,) = run(home, "--model", f"./{name}", "--headless", code=3).stderr.splitlines()
        assert line.startswith("E-CKPT  config.json: ")
        assert says in line


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["list"], ["bench", "--help"], ["recover"], ["--model", "zelda"]]
)
def test_reads_need_neither_torch_nor_pygame(home: dict[str, str], words: list[str]) -> None:
    program = (
        "import sys\nfrom dreamplay.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('torch', 'pygame') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], env=home, cwd=home["HOME"], capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_is_there_at_once(home: dict[str, str]) -> None:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        run(home, "--help")
        times.append(time.perf_counter() - began)
    assert min(times) < stretched(0.3)


def test_settings_that_mean_nothing_are_told_and_left_out(home: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "dreamplay"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("scale = 99")
    done = run({**home, "XDG_CONFIG_HOME": ""}, "recover")
    assert done.stderr.startswith("Settings left out: config.toml")


def test_doctor_names_the_display(home: dict[str, str]) -> None:
    found = json.loads(run(home, "doctor", "--json").stdout)
    assert "No display found" in found["display"]
    assert found["torch"] != "-"


@pytest.mark.emulator
def test_without_a_display_there_is_one_line_and_exit_5(home: dict[str, str]) -> None:
    lines = run(home, "--real", code=5).stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("E-DISP  No display found")
    assert "--headless" in lines[0]


@pytest.mark.emulator
def test_a_mistyped_stage_is_a_usage_error(home: dict[str, str]) -> None:
    assert "9-9" in run(home, "--real", "--start", "9-9", "--headless", code=2).stderr


@pytest.mark.emulator
def test_a_headless_run_writes_its_gif(home: dict[str, str], tmp_path: Path) -> None:
    done = run(home, "--real", "--headless", "--buttons", "right:40", "-o", "out.gif", "--json")
    assert json.loads(done.stdout)["frames"] == 40
    with Image.open(tmp_path / "out.gif") as image:
        assert image.size == (256, 240)
        assert getattr(image, "n_frames", 1) > 30


@pytest.mark.emulator
def test_a_recorded_movie_replays_and_verifies(home: dict[str, str], tmp_path: Path) -> None:
    first = json.loads(
        run(home, "--real", "--headless", "--buttons", "right:50,right+a:20", "-o", "a.movie", "--json").stdout
    )
    again = json.loads(run(home, "--replay", "a.movie", "--verify", "--headless", "--json").stdout)
    assert again["checksum"] == first["checksum"]
    assert again["compared"] >= 3
    played = movie.read(tmp_path / "a.movie")
    movie.write(tmp_path / "b.movie", movie.Movie(played.header, played.buttons, {50: 1}))
    assert "frame 50" in run(home, "--replay", "b.movie", "--verify", "--headless", code=8).stderr


@pytest.mark.emulator
def test_no_room_for_the_recording_is_exit_7(home: dict[str, str]) -> None:
    done = run(home, "--real", "--headless", "--frames", "5", "-o", "/proc/no/out.gif", code=7)
    assert "Not saved" in done.stderr


@pytest.mark.emulator
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_within_a_second_and_the_movie_is_whole(
    home: dict[str, str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    child = _long_run(home, tmp_path)
    began = time.perf_counter()
    child.send_signal(number)
    assert child.wait(HANGS) == code
    assert time.perf_counter() - began < stretched(1)
    assert len(movie.read(tmp_path / "run.movie").buttons) > 50


@pytest.mark.emulator
def test_after_a_kill_recover_finishes_the_movie(home: dict[str, str], tmp_path: Path) -> None:
    child = _long_run(home, tmp_path)
    child.kill()
    child.wait(HANGS)
    assert "dreamplay recover" in run(home, "--real", "--headless", "--frames", "1").stderr
    run(home, "recover")
    assert len(movie.read(tmp_path / "run.movie").buttons) > 50
    run(home, "--replay", "run.movie", "--verify", "--headless")


def _long_run(home: dict[str, str], folder: Path) -> "subprocess.Popen[bytes]":
    """A run without a window that has written some steps and would go on for hours."""
    words = ["--real", "--headless", "--frames", "9999999", "-o", "run.movie"]
    child = subprocess.Popen([*DREAMPLAY, *words], env=home, cwd=folder, stderr=subprocess.DEVNULL)
    journal = folder / "state" / "dreamplay" / "recordings" / "run.movie.journal"
    while not journal.exists() or journal.stat().st_size <= 4000:
        assert child.poll() is None
        time.sleep(0.02)
    return child


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


@pytest.mark.window
@pytest.mark.emulator
def test_the_real_game_is_played_in_a_window(home: dict[str, str], tmp_path: Path, display: str) -> None:
    (tmp_path / "state" / "dreamplay").mkdir(parents=True)
    (tmp_path / "state" / "dreamplay" / "played").touch()
    words = [*DREAMPLAY, "--real", "--record", "run.movie"]
    child = subprocess.Popen(words, env={**home, "DISPLAY": display}, cwd=tmp_path, stderr=subprocess.DEVNULL)
    focus(display)
    xdotool(display, "keydown", "Right")
    time.sleep(0.7)
    xdotool(display, "keyup", "Right", "key", "ctrl+q")
    assert child.wait(HANGS) == 0
    held = [buttons for buttons in movie.read(tmp_path / "run.movie").buttons if buttons]
    assert set(held) == {128}


def test_verify_says_whether_this_machine_draws_what_the_maker_saw(home: dict[str, str], tmp_path: Path) -> None:
    seen = trial.golden(cartridge())
    tiny.write(tmp_path / "right", seen)
    assert "draws its first frames as its maker saw them" in run(home, "verify", "./right").stderr
    tiny.write(tmp_path / "wrong", (seen + 1) % 4)
    said = run(home, "verify", "./wrong", code=6).stderr.splitlines()
    assert said[0] == "./wrong: whole and as it was published"
    assert said[1].startswith("E-DEV  cpu draws other pictures in ")


def _sit(home: dict[str, str], folder: Path, display: str, words: Sequence[str], *keys: str) -> list[bytes]:
    """Play the cartridge in a window and press keys. Returns the screenshots that were made, in their order."""
    before = set(folder.glob("*.png"))
    child = subprocess.Popen(
        [*DREAMPLAY, "--model", "./tiny", *words], env={**home, "DISPLAY": display}, cwd=folder, stderr=subprocess.PIPE
    )
    assert child.stderr is not None
    while not child.stderr.readline().startswith(b"ready"):
        assert child.poll() is None
    focus(display)
    for key in (*keys, "ctrl+q"):
        time.sleep(0.3)
        xdotool(display, "key", key)
    assert child.wait(HANGS) == 0
    child.stderr.close()
    made = set(folder.glob("*.png")) - before
    return [path.read_bytes() for path in sorted(made, key=lambda path: path.stat().st_mtime_ns)]


@pytest.mark.window
def test_a_save_state_is_there_after_the_program_has_ended(home: dict[str, str], tmp_path: Path, display: str) -> None:
    made = tiny.config()
    export.write(tiny.model(made), tiny.ring(made, 2), made, tmp_path / "tiny")
    (tmp_path / "state" / "dreamplay").mkdir(parents=True)
    (tmp_path / "state" / "dreamplay" / "played").touch()
    (saved,) = _sit(home, tmp_path, display, (), "p", "F2", "F8")
    before, loaded = _sit(home, tmp_path, display, ("--seed", "1"), "p", "F8", "F4", "F8")
    assert before != saved
    assert loaded == saved


@pytest.mark.window
@pytest.mark.parametrize("seconds", [0.0, 0.4, 1.2])
def test_the_program_is_left_within_two_seconds_while_it_starts(
    home: dict[str, str], tmp_path: Path, display: str, seconds: float
) -> None:
    child = subprocess.Popen([*DREAMPLAY], env={**home, "DISPLAY": display}, cwd=tmp_path, stderr=subprocess.DEVNULL)
    focus(display)
    time.sleep(seconds)
    began = time.perf_counter()
    xdotool(display, "key", "ctrl+q")
    assert child.wait(HANGS) == 0
    assert time.perf_counter() - began < stretched(2)


def test_nothing_is_tidied_up_for_long_at_the_end(home: dict[str, str], tmp_path: Path) -> None:
    made = tiny.config()
    export.write(tiny.model(made), tiny.ring(made, 2), made, tmp_path / "tiny")
    program = (
        "import time\nfrom dreamplay.cli import main\n"
        "main(['--model', './tiny', '--headless', '--frames', '1'])\nprint(time.process_time())"
    )
    words = [sys.executable, "-c", program]
    before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    done = subprocess.run(words, env=home, cwd=tmp_path, capture_output=True, text=True, timeout=HANGS)
    after = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    assert after - before - float(done.stdout) < 0.3, "seconds"

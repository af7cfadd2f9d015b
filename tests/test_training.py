import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from training.__main__ import STAGES, found, main


def test_every_stage_with_a_module_has_a_main() -> None:
    assert {"collect", "render", "inspect", "agent"} <= set(found())


@pytest.mark.parametrize("stage", ["collect", "render", "inspect"])
def test_a_stage_explains_itself(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"training.{STAGES[stage]}").main(["--help"])
    assert ended.value.code == 0
    assert f"python -m training {stage}" in capsys.readouterr().out


def test_a_mistyped_stage_names_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["colect"]) == 2
    assert "no stage named 'colect' (found: collect, render" in capsys.readouterr().err


def test_without_a_stage_the_stages_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "stages: collect, render" in capsys.readouterr().out


def test_an_error_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(tmp_path), str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_list_of_stages_imports_no_torch() -> None:
    code = "import sys; from training.__main__ import main; main([]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.parametrize("rate", ["0", "-0.1", "2", "nan"])
def test_a_learning_rate_that_cannot_be_is_refused(rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["denoiser", "--recipe", "mario-tiny", f"--rate={rate}"]) != 0
    assert "allowed is more than 0 and at most 1" in capsys.readouterr().err

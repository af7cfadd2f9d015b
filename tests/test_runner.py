"""A run that is stopped goes on as if nothing had happened, and one that diverges says so."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dreamplay.models.codec import Codec
from tests import tiny
from tests.patience import HANGS
from training.codec import CropSource, Objective
from training.recipe import Hyper
from training.runner import DivergedTrainingError, Runner, Stateful, rate_at

HYPER = Hyper(batch=2, rate=1e-2, minutes=1, steps=12, warmup=2)


class Draws:
    """A batch source with a generator of its own."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(0)

    def state_dict(self) -> dict[str, Any]:
        """The generator."""
        return {"generator": self.generator.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Back to it."""
        self.generator.set_state(state["generator"])

    def __call__(self) -> Tensor:
        """Random inputs."""
        return torch.randn(4, 3, generator=self.generator)


class Loss(nn.Module):
    """A linear fit under noise of torch's own generator."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Squared error."""
        loss = (self.network(x + 0.1 * torch.randn_like(x)) - x.sum(1, keepdim=True)).square().mean()
        return loss, {"error": float(loss.detach())}


class Broken(Loss):
    """A loss that is no number from the third call on."""

    calls = 0

    def forward(self, x: Tensor) -> tuple[Tensor, dict[str, float]]:
        """NaN."""
        self.calls += 1
        loss, metrics = super().forward(x)
        return loss * (float("nan") if self.calls > 2 else 1), metrics


def runner(folder: Path, source: Stateful, kind: type[Loss] = Loss, hyper: Hyper = HYPER) -> Runner[nn.Linear]:
    """A run of a linear layer."""
    torch.manual_seed(0)
    network = nn.Linear(3, 1)
    return Runner(kind(network), network, hyper, folder, stateful={"source": source})


def whole(folder: Path) -> dict[str, Any]:
    """Weights and averages after a run without a break."""
    source = Draws()
    run = runner(folder, source)
    assert run.run(source)
    return state(folder)


def broken_off(folder: Path, forget: Callable[[dict[str, Any]], None] = lambda _: None) -> dict[str, Any]:
    """The same after a run that got SIGTERM in its fifth step and was started again by another process."""
    source = Draws()
    run = runner(folder, source)

    def batches() -> Tensor:
        if run.step == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return source()

    assert not run.run(batches)
    assert run.step == 5
    kept = state(folder)
    forget(kept)
    torch.save(kept, folder / "state.pt")
    source = Draws()
    assert runner(folder, source).run(source)
    return state(folder)


def state(folder: Path) -> dict[str, Any]:
    """What a run left."""
    return dict(torch.load(folder / "state.pt", weights_only=True))


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether weights and averages are equal, bit by bit."""
    return all(torch.equal(one[part][name], other[part][name]) for part in ("network", "average") for name in one[part])


def test_a_run_that_was_stopped_goes_on_bit_by_bit(tmp_path: Path) -> None:
    assert same(whole(tmp_path / "whole"), broken_off(tmp_path / "broken"))


def test_without_torchs_generator_it_would_not(tmp_path: Path) -> None:
    def forget(kept: dict[str, Any]) -> None:
        kept["torch"] = torch.Generator().manual_seed(99).get_state()

    assert not same(whole(tmp_path / "whole"), broken_off(tmp_path / "broken", forget))


def test_without_the_sources_generator_it_would_not(tmp_path: Path) -> None:
    def forget(kept: dict[str, Any]) -> None:
        kept["stateful"]["source"] = Draws().state_dict()

    assert not same(whole(tmp_path / "whole"), broken_off(tmp_path / "broken", forget))


def test_a_codec_goes_on_bit_by_bit_too(tmp_path: Path) -> None:
    def run(folder: Path, *, stop: int | None = None) -> dict[str, Any]:
        made = tiny.config(tiny.GAME)
        source = CropSource(tiny.footage(made), 4, 0)
        codec: Codec = tiny.model(made).codec.train().requires_grad_(True)
        hyper = Hyper(batch=4, rate=1e-3, minutes=1, steps=6)
        one = Runner(Objective(codec), codec, hyper, folder, stateful={"source": source.sampler})

        def batches() -> Any:
            if one.step == stop:
                os.kill(os.getpid(), signal.SIGTERM)
            return source()

        one.run(batches)
        return state(folder)

    run(tmp_path / "broken", stop=2)
    assert same(run(tmp_path / "whole"), run(tmp_path / "broken"))


def test_a_run_that_is_complete_does_no_more(tmp_path: Path) -> None:
    whole(tmp_path)
    source = Draws()
    again = runner(tmp_path, source)
    assert again.step == 12
    assert again.run(lambda: pytest.fail("a batch was drawn"))


def test_a_killed_save_leaves_the_last_state(tmp_path: Path) -> None:
    before = whole(tmp_path)
    (tmp_path / "state.tmp").write_bytes(b"half of a state")
    assert same(state(tmp_path), before)
    assert runner(tmp_path, Draws()).step == 12


def test_five_losses_in_a_row_that_are_no_numbers_end_the_run(tmp_path: Path) -> None:
    source = Draws()
    run = runner(tmp_path, source, Broken)
    with pytest.raises(DivergedTrainingError, match=r"not finite 5 times in a row at step 6 \(rate 0.01\)"):
        run.run(source)
    assert all(torch.isfinite(weight).all() for weight in run.network.parameters())


def test_the_signals_belong_to_whoever_had_them_after_a_run(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    whole(tmp_path)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_the_rate_warms_up_stays_and_falls_to_zero() -> None:
    hyper = Hyper(batch=1, rate=2.0, minutes=1, warmup=10, tail=0.5)
    assert rate_at(0, 0, hyper) == pytest.approx(0.2)
    assert rate_at(0.3, 50, hyper) == rate_at(0.5, 99, hyper) == 2.0
    assert rate_at(0.75, 99, hyper) == pytest.approx(1.0)
    assert rate_at(1, 99, hyper) == 0


def test_the_average_follows_the_weights(tmp_path: Path) -> None:
    left = whole(tmp_path)
    first = runner(tmp_path / "other", Draws()).network.weight
    now, mean = left["network"]["weight"], left["average"]["weight"]
    assert not torch.equal(mean, now)
    assert (mean - now).norm() < (first - now).norm()


def test_the_clip_still_works_at_step_two(tmp_path: Path) -> None:
    source = Draws()
    run = runner(tmp_path, source)
    norms: list[float] = []
    run.optimizer.register_step_pre_hook(
        lambda *_: norms.append(
            float(torch.stack([p.grad.norm() for p in run.network.parameters() if p.grad is not None]).norm())
        )
    )
    run.run(lambda: 1000 * source())
    assert len(norms) == 12
    assert max(norms) <= HYPER.clip * 1.001


def test_reports_are_lines_of_json(tmp_path: Path) -> None:
    run = runner(tmp_path, Draws())
    run.log(error=0.5)
    assert json.loads((tmp_path / "metrics.jsonl").read_text()) == {"step": 0, "seconds": 0.0, "error": 0.5}


PARALLEL = """
import sys, time
from pathlib import Path
import torch
from tests.test_runner import Draws, runner
from training.runner import processes, Runner
from tests.test_runner import Loss
from training.recipe import Hyper
with processes() as (rank, size):
    assert size == 2
    torch.manual_seed(0)
    network = torch.nn.Linear(3, 1)
    torch.manual_seed(1 + rank)
    source = Draws()
    source.generator.manual_seed(rank)
    hyper = Hyper(batch=2, rate=1e-2, minutes=0.01, warmup=2)
    run = Runner(Loss(network), network, hyper, Path(sys.argv[1]), stateful={"source": source}, rank=rank, size=size)
    def batches():
        time.sleep(0.01 + 0.05 * rank)
        return source()
    assert run.run(batches)
"""


@pytest.mark.slow
def test_two_processes_of_different_speed_train_the_same_weights(tmp_path: Path) -> None:
    script = tmp_path / "parallel.py"
    script.write_text(PARALLEL)
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [*words, str(script), str(tmp_path / "run")],
        env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, other = (torch.load(tmp_path / "run" / name, weights_only=True) for name in ("state.pt", "state1.pt"))
    assert one["clock"] == other["clock"]
    assert same(one, other)


def test_a_pause_does_not_use_up_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(0, 10**9, 3600))
    monkeypatch.setattr("training.runner.time.perf_counter", lambda: float(next(now)))
    draws = Draws()
    run = runner(tmp_path, draws, hyper=Hyper(batch=2, rate=1e-2, minutes=5))
    assert run.run(draws)
    assert run.step == 5
    assert run.seconds == 300

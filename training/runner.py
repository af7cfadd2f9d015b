"""The loop that every network is trained by: schedule, EMA, checkpoints, metrics, and how it stops and goes on.

A run's folder holds `state.pt` (all that a resume needs: weights, EMA, optimizer, clock, every generator),
`metrics.jsonl`, TensorBoard's events and pictures.
"""

import copy
import ctypes
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Generic, Protocol, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from dreamplay.errors import DreamplayError
from training.recipe import Hyper

SAVE_SECONDS = 180.0
LOG_STEPS = 20
PAUSED = 60.0
"""Seconds that a step counts at most: what takes longer was paused, which is no training."""
PATIENCE_NAN = 5
TABLE_RATE = 10.0
"""Learning rate of embedding tables, as a multiple of the weights'."""
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4

Network = TypeVar("Network", bound=nn.Module)


class Stateful(Protocol):
    """Something besides weights that a resume must bring back."""

    def state_dict(self) -> dict[str, Any]:
        """The state."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Back to it."""


class DivergedTrainingError(DreamplayError):
    """The loss is not a number any more."""


def keep_memory() -> None:
    """Tell glibc to keep freed memory: without it page faults take half of a CPU training step."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        libc.mallopt(_M_TOP_PAD, 2**28)


@contextmanager
def processes() -> Iterator[tuple[int, int]]:
    """Join the other processes of `torchrun`, if any. Gives this one's rank and their number."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield 0, 1
        return
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield dist.get_rank(), size
    finally:
        dist.destroy_process_group()


def rate_at(progress: float, step: int, hyper: Hyper) -> float:
    """The learning rate: linear warm-up, constant, linear tail to zero. progress: 0..1 of the run."""
    warm = min((step + 1) / max(hyper.warmup, 1), 1)
    fall = min((1 - progress) / hyper.tail, 1) if hyper.tail else 1
    return hyper.rate * warm * max(fall, 0)


class Runner(Generic[Network]):
    """One training run."""

    def __init__(
        self,
        objective: nn.Module,
        network: Network,
        hyper: Hyper,
        folder: Path,
        *,
        stateful: dict[str, Stateful],
        rank: int = 0,
        size: int = 1,
    ) -> None:
        """Set up, and go on from the folder's state if it has one.

        Args:
            objective: Called with a batch; returns a loss and a dict of metrics. It contains `network`.
            network: What is trained, averaged and saved.
            hyper: How.
            folder: Of the run.
            stateful: What else a resume brings back, by name.
            rank: This process among `size`.
            size: Number of processes.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.network, self.hyper, self.folder, self.rank, self.size = network, hyper, folder, rank, size
        self.objective = DistributedDataParallel(objective) if size > 1 else objective
        self.average = copy.deepcopy(network).requires_grad_(False).eval()
        self.optimizer = torch.optim.AdamW(_groups(network, hyper), betas=(0.9, 0.99), fused=True)
        self.stateful = stateful
        self.step, self.seconds, self.bad = 0, 0.0, 0
        self._stop = False
        if self._state.exists():
            self._load()

    @property
    def _state(self) -> Path:
        return self.folder / (f"state{self.rank}.pt" if self.rank else "state.pt")

    @property
    def samples(self) -> int:
        """Samples seen by all processes."""
        return self.step * self.hyper.batch * self.size

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0..1."""
        done = self.step / self.hyper.steps if self.hyper.steps else self.seconds / (60 * self.hyper.minutes)
        return min(done, 1.0)

    def run(self, batches: Callable[[], Any], report: Callable[["Runner[Network]"], None] | None = None) -> bool:
        """Train until the budget is spent or a signal asks to stop.

        Args:
            batches: Makes the next batch.
            report: Called at every save, for pictures and held-out numbers.

        Returns:
            Whether the run is complete.

        Raises:
            DivergedTrainingError: The loss was not finite five times in a row.
        """
        previous = {s: signal.signal(s, self._ask_to_stop) for s in (signal.SIGTERM, signal.SIGINT)}
        try:
            saved = self.seconds
            while self.progress < 1 and not self._stop:
                self._one_step(batches)
                if self.seconds - saved > SAVE_SECONDS:
                    saved = self.seconds
                    self.save()
                    self._report(report)
            self.save()
            if not self._stop:
                self._report(report)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        return self.progress >= 1

    def save(self) -> None:
        """Write the state beside the old one, then put it in its place."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "clock": {"step": self.step, "seconds": self.seconds, "samples": self.samples},
            "torch": torch.get_rng_state(),
            "stateful": {name: thing.state_dict() for name, thing in self.stateful.items()},
        }
        beside = self._state.with_suffix(".tmp")
        with beside.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._state)

    def log(self, **values: float) -> None:
        """Add a line of metrics."""
        if self.rank:
            return
        line = {"step": self.step, "seconds": round(self.seconds, 1), **{k: round(v, 6) for k, v in values.items()}}
        with (self.folder / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        board = _board(self.folder)
        for name, value in values.items():
            board.add_scalar(name, value, self.step)

    def _load(self) -> None:
        state = torch.load(self._state, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["clock"]["step"], state["clock"]["seconds"]
        torch.set_rng_state(state["torch"])
        for name, thing in self.stateful.items():
            thing.load_state_dict(state["stateful"][name])

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop = True

    def _report(self, report: Callable[["Runner[Network]"], None] | None) -> None:
        if report is not None and not self.rank:
            report(self)

    def _one_step(self, batches: Callable[[], Any]) -> None:
        began = time.perf_counter()
        for group in self.optimizer.param_groups:
            group["lr"] = rate_at(self.progress, self.step, self.hyper) * group.get("scale", 1)
        loss, metrics = self.objective(batches())
        self.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.hyper.clip)
        if self._finite(loss, norm):
            self.optimizer.step()
            self._update_average()
        self.step += 1
        self.seconds += min(time.perf_counter() - began, PAUSED)
        if self.size > 1:
            self._agree()
        if self.step % LOG_STEPS == 0:
            self._tell(loss, metrics)

    def _agree(self) -> None:
        """Take the slowest process's clock and anyone's wish to stop: else rates differ and the last one waits."""
        clock = torch.tensor([self.seconds, float(self._stop)], dtype=torch.float64)
        clock = clock.to(next(self.network.parameters()).device)
        dist.all_reduce(clock, dist.ReduceOp.MAX)
        self.seconds, self._stop = float(clock[0]), bool(clock[1])

    def _finite(self, loss: Tensor, norm: Tensor) -> bool:
        good = math.isfinite(float(loss.detach())) and math.isfinite(float(norm))
        self.bad = 0 if good else self.bad + 1
        if self.bad >= PATIENCE_NAN:
            raise DivergedTrainingError(
                f"the loss was not finite {self.bad} times in a row at step {self.step} (rate {self.hyper.rate}): "
                f"{self._state} holds the last good state; lower the rate"
            )
        return good

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.hyper.ema, (1 + self.step) / (10 + self.step))
        for mean, now in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(now, 1 - decay)
        for kept, present in zip(self.average.buffers(), self.network.buffers(), strict=True):
            kept.copy_(present)

    def _tell(self, loss: Tensor, metrics: dict[str, float]) -> None:
        rate = self.samples / max(self.seconds, 1e-9)
        self.log(loss=float(loss.detach()), samples_per_second=rate, **metrics)
        if self.rank:
            return
        left = self.seconds / max(self.progress, 1e-9) * (1 - self.progress)
        shown = " ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        text = f"step {self.step}  {100 * self.progress:.1f} %  {rate:.0f}/s  ETA {left / 60:.0f} min  {shown}"
        print(f"\r{text:<118}", end="" if self.progress < 1 else "\n", file=sys.stderr, flush=True)


def _groups(network: nn.Module, hyper: Hyper) -> list[dict[str, Any]]:
    """Weights, and tables apart: a row of a table learns only when it is read, so it learns faster and never decays."""
    tables = {id(m.weight) for m in network.modules() if isinstance(m, nn.Embedding)}
    wanted = [p for p in network.parameters() if p.requires_grad]
    weights = [p for p in wanted if id(p) not in tables]
    read = [p for p in wanted if id(p) in tables]
    groups = [{"params": weights, "lr": hyper.rate, "weight_decay": hyper.decay, "scale": 1.0}]
    return groups + ([{"params": read, "lr": hyper.rate, "weight_decay": 0.0, "scale": TABLE_RATE}] if read else [])


_boards: dict[Path, Any] = {}


def _board(folder: Path) -> Any:
    """TensorBoard's writer of a folder."""
    if folder not in _boards:
        from torch.utils.tensorboard import SummaryWriter

        _boards[folder] = SummaryWriter(str(folder))
    return _boards[folder]

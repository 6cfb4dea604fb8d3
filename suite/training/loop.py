"""The training loop: from the newest checkpoint to the summary."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

from suite.records.environment import peak_memory_bytes
from suite.records.run_folder import RunFolder, identity
from suite.records.schema.metrics import EvalLine, FinalLine, TrainLine
from suite.records.schema.summary import Summary
from suite.records.vocabulary import KINDS
from suite.training import checkpoint
from suite.training.capture import Capture
from suite.training.kind_meter import KIND_METERS
from suite.training.rate_schedule import rate_schedule
from suite.training.start import Fill
from suite.training.trainer import METERS, Trainer


def train(trainer: Trainer, folder: RunFolder, fill: Fill | None, report: Callable[[str], None]) -> Summary | None:
    """Train to the last step, from the newest checkpoint if there is one; returns the summary, on rank 0 alone.

    Args:
        trainer: model and task.
        folder: where the run's record goes.
        fill: gives the model its first weights, if they are not those it was drawn with.
        report: prints a line.
    """
    training, leader = trainer.config.training, trainer.rank == 0
    control = trainer.rate_control()  # before a checkpoint brings back its state
    start = checkpoint.load(folder.checkpoints, trainer.model, trainer.optimizer)
    fresh: list[str] = []
    if start == 0 and fill is not None:
        fresh = fill(trainer.model)
    if control is not None:
        control.resume() if start else control.begin(trainer.look)
        trainer.read_meters()  # what was captured is no step's traffic
    if leader:
        folder.rewind(start)
        report(f"resuming after step {start}" if start else f"training {training.steps} steps")
        if fresh:
            report(f"new weights: {', '.join(fresh)}")
    if start == 0:
        _evaluate(trainer, folder, 0, report)
    progress = Progress(training.steps, start)
    capture = Capture(trainer, folder)
    for number in range(start, training.steps):
        began, done = time.perf_counter(), number + 1
        with capture.step(done):
            losses = trainer.step(number)
        held = control.after_step() if control is not None else None
        values = trainer.reduce({**losses, **trainer.read_meters()}, means=("loss", "balance_loss"))
        seconds = time.perf_counter() - began  # the device is done: its losses have been read
        trainer.check_finite(values["loss"], done)
        if leader:
            folder.append(TrainLine.model_validate({"step": done, "seconds": seconds, "held": held, **values}))
            progress.step(done, values | {"seconds": seconds}, report)
        if done % training.eval_every == 0 or done == training.steps:
            _evaluate(trainer, folder, done, report)
        if done % training.checkpoint_every == 0 or done == training.steps:
            checkpoint.save(folder.checkpoints, done, trainer.model, trainer.optimizer)
    peak = trainer.largest(peak_memory_bytes())
    return summarise(trainer, folder, peak) if leader else None


class Progress:
    """Prints a line now and then: about 16 in a short run, one per 100 steps in a long one.

    Args:
        steps: the last step.
        start: the step the run goes on from.
    """

    def __init__(self, steps: int, start: int) -> None:
        self.steps, self.start = steps, start
        self.every = min(max(1, steps // 16), 100)
        self.began = time.perf_counter()
        self.recent: list[dict[str, float]] = []

    def step(self, done: int, values: dict[str, float], report: Callable[[str], None]) -> None:
        """Add a step's metrics, and report those since the last line if a line is due.

        The time left is extrapolated from all seconds so far, evaluations and checkpoints included.
        """
        self.recent.append(values)
        if done % self.every and done != self.steps:
            return
        total = {name: sum(line[name] for line in self.recent) for name in values}
        self.recent = []
        elapsed = time.perf_counter() - self.began
        left = timedelta(seconds=round(elapsed / (done - self.start) * (self.steps - done)))
        report(
            f"step {done}/{self.steps}  loss {values['loss']:.3f}"
            f"  rows sent {total['rows_sent'] / max(1, total['rows_routed']):.0%}"
            f"  {total['targets'] / total['seconds']:,.0f} targets/s  {left} left"
        )


def _evaluate(trainer: Trainer, folder: RunFolder, step: int, report: Callable[[str], None]) -> None:
    """Record a point of the curve and, after the last step, the final evaluation if the task has one."""
    values = _held_out(trainer, step, report)
    lines: list[EvalLine | FinalLine] = [EvalLine.model_validate({"step": step, **values})]
    if step == trainer.config.training.steps and trainer.config.training.final_examples:
        values = _held_out(trainer, step, report, final=True)
        lines.append(FinalLine.model_validate({"step": step, **values}))
    if trainer.rank == 0:
        for line in lines:
            folder.append(line)


def _held_out(trainer: Trainer, step: int, report: Callable[[str], None], final: bool = False) -> dict[str, float]:
    values = trainer.evaluate(final)
    trainer.read_meters()  # resets them: an evaluation is not part of the next step's traffic
    if not all(map(math.isfinite, values.values())):
        raise FloatingPointError(f"the evaluation after step {step} is not finite: {values}")
    if trainer.rank == 0:
        on = f" on {trainer.task.final_examples} examples" if final else ""
        metrics = "  ".join(f"{name} {value:.3f}" for name, value in values.items())
        report(f"step {step}  held-out{on} {metrics}")
    return values


def summarise(trainer: Trainer, folder: RunFolder, peak_memory: int) -> Summary:
    """The summary of a finished run, computed from its metrics."""
    config, lines = trainer.config, folder.read_metrics()
    steps = [line for line in lines if isinstance(line, TrainLine)]
    final = [line for line in lines if isinstance(line, EvalLine | FinalLine)][-1]
    total = {name: sum(getattr(line, name) for line in steps) for name in (*METERS, *KIND_METERS)}

    def over_steps(name: str, by: float) -> float | None:
        """A total divided by ``by``; ``None`` for a run without steps."""
        return total[name] / max(1, by) if steps else None

    step_seconds = sum(line.seconds for line in steps) / len(steps) if steps else None
    baseline = trainer.task.baseline()
    return Summary.model_validate(
        identity(config)
        | {
            "steps": len(steps),
            "data": trainer.task.data_record(),
            "starts_from": config.task.starts_from,
            "route_padding": config.task.route_padding,
            "metric": asdict(trainer.task.metric),
            "final": final.metrics,
            "held_out_examples": trainer.task.final_examples,
            "baseline": {"name": baseline.pop("name"), "quality": baseline},
            "rate": over_steps("rows_sent", total["rows_routed"]),
            "rate_schedule": rate_schedule(steps),
            "rows_by_kind": {
                kind: {"routed": total[f"routed_{kind}"], "sent": total[f"sent_{kind}"]} for kind in KINDS
            },
            "bytes_per_step": over_steps("bytes", len(steps)),
            "relative_bytes": over_steps("bytes", total["half_precision_bytes"]),
            "mean_step_seconds": step_seconds,
            "peak_memory_bytes": peak_memory,
            "examples_per_second": config.training.batch_examples / step_seconds if step_seconds else None,
        }
    )

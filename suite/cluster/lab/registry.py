"""The living labs of this machine: one file per lab, in a folder of the user, with the process that keeps it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from suite.cluster.lab.layout import Layout
from suite.errors import UserError
from suite.files import write_atomically


@dataclass(frozen=True)
class State:
    """A lab and its keeper.

    Attributes:
        id: its name.
        pid: of the keeper.
        started: clock tick at which the keeper started; it tells the keeper from a later process with the same pid.
        user_namespace: whether the lab is inside one.
        layout: servers and ranks.
        descriptors: the keeper's open files, by namespace.
    """

    id: str
    pid: int
    started: int
    user_namespace: bool
    layout: Layout
    descriptors: dict[str, int]

    def is_alive(self) -> bool:
        """Whether its keeper still runs."""
        return start_tick(self.pid) == self.started

    def path(self, name: str) -> str:
        """Path of the file that stands for a namespace."""
        return f"/proc/{self.pid}/fd/{self.descriptors[name]}"

    def entry(self, name: str) -> list[str]:
        """The prefix that runs a command inside a namespace, from outside the lab."""
        user = ["--target", str(self.pid), "--user", "--preserve-credentials"] if self.user_namespace else []
        return ["nsenter", *user, f"--net={self.path(name)}"]


def start_tick(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; ``None`` if there is no such process, or only a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Registry:
    """The files in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_user(cls) -> "Registry":
        """``/run/lsh-moe-bench`` for root, else a folder of the user's own."""
        if os.geteuid() == 0:
            return cls(Path("/run/lsh-moe-bench"))
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        return cls(Path(runtime) / "lsh-moe-bench" if runtime else Path(f"/tmp/lsh-moe-bench-{os.geteuid()}"))

    def add(self, state: State) -> None:
        """Add a lab."""
        write_atomically(self.folder / f"{state.id}.json", json.dumps(asdict(state)) + "\n")

    def remove(self, lab: str) -> None:
        """Remove a lab's file."""
        (self.folder / f"{lab}.json").unlink(missing_ok=True)

    def living(self) -> list[State]:
        """Labs whose keeper runs, by name."""
        return [state for state in self._all() if state.is_alive()]

    def find(self, lab: str | None) -> State:
        """The living lab of that name; without a name, the only one.

        Raises:
            UserError: if there is none, or no name and several.
        """
        living = self.living()
        found = [state for state in living if lab in (None, state.id)]
        names = ", ".join(state.id for state in living) or "none is up; start one by: lshmoe-bench lab up"
        if len(found) != 1:
            raise UserError(f"lab: {f'unknown {lab!r}' if lab else 'say which, by --lab NAME'}; allowed: {names}")
        return found[0]

    def clean(self) -> list[str]:
        """Remove the files of labs whose keeper is dead, and return their names. The kernel has removed all else."""
        dead = [state.id for state in self._all() if not state.is_alive()]
        for lab in dead:
            self.remove(lab)
        return dead

    def _all(self) -> list[State]:
        states = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                values = json.loads(path.read_text())
            except FileNotFoundError:  # another process has just removed it
                continue
            states.append(State(**values | {"layout": Layout(**values["layout"])}))
        return states

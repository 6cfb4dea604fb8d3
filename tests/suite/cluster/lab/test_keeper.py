"""A lab leaves nothing behind, however it ends."""

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from suite.cluster.lab import keeper
from suite.cluster.lab.layout import Layout
from suite.cluster.lab.registry import Registry, State
from suite.errors import UserError
from tests.suite.cluster.lab.ending import end
from tests.suite.cluster.lab.needs import needs_lab

pytestmark = needs_lab


def namespaces() -> set[str]:
    """Network namespaces that any process of ours is in or holds open."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found |= {str(path.readlink()) for path in [process / "ns/net", *(process / "fd").iterdir()]}
        except OSError:
            continue
    return {name for name in found if name.startswith("net:")}


def traces(registry: Registry) -> tuple[set[str], list[str], list[str]]:
    """All that labs could leave: namespaces, interfaces, keepers."""
    keepers = [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if str(registry.folder).encode() in _read(path) and b"suite.cluster.lab.keeper" in _read(path)
    ]
    return namespaces(), sorted(name for _, name in socket.if_nameindex()), keepers


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def inside(state: State, name: str, *command: str) -> str:
    return subprocess.run([*state.entry(name), *command], check=True, capture_output=True, text=True).stdout


def test_servers_meet_on_two_fabrics_of_which_one_is_shaped(tmp_path):
    state = keeper.start(Registry(tmp_path), Layout(3, 1), 123.0)
    try:
        assert "tbf" in inside(state, "server2", "tc", "qdisc", "show", "dev", "a2a")
        assert "tbf" not in inside(state, "server2", "tc", "qdisc", "show", "dev", "dense")
        listen = "import socket; s = socket.create_server(('', 5000)); print(1, flush=True); s.accept(); s.accept()"
        connect = "import socket; [socket.create_connection((f'10.{n}.0.3', 5000)) for n in (77, 78)]; print('met')"
        server = subprocess.Popen(
            [*state.entry("server2"), sys.executable, "-c", listen], stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None and server.stdout.readline()
        assert inside(state, "server0", sys.executable, "-c", connect) == "met\n"
        server.communicate(timeout=10)
    finally:
        end(state, signal.SIGTERM)


def test_fifty_labs_five_at_a_time_half_of_them_killed_leave_nothing(tmp_path):
    registry = Registry(tmp_path)
    before = traces(registry)

    def cycle(number: int) -> None:
        state = keeper.start(registry, Layout(2, 1), 100.0)
        end(state, signal.SIGKILL if number % 2 else signal.SIGTERM)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(cycle, range(50)))
    registry.clean()
    assert traces(registry) == before and not list(registry.folder.iterdir())


def test_the_next_lab_cleans_up_after_a_killed_one_and_spares_a_living_one(tmp_path):
    registry = Registry(tmp_path)
    killed, living = (keeper.start(registry, Layout(2, 1), None) for _ in range(2))
    end(killed, signal.SIGKILL)
    third = keeper.start(registry, Layout(2, 1), None)
    try:
        assert {path.stem for path in registry.folder.iterdir()} == {living.id, third.id}
        assert living.is_alive() and third.is_alive()
    finally:
        end(living, signal.SIGTERM)
        end(third, signal.SIGTERM)


def test_what_the_kernel_refuses_is_one_line_and_leaves_nothing(tmp_path):
    registry = Registry(tmp_path)
    before = traces(registry)
    with pytest.raises(UserError, match=r"^lab: tc qdisc replace .*rate.*[^\n]*$"):
        keeper.start(registry, Layout(2, 1), 1e-9)
    assert traces(registry) == before and not list(registry.folder.iterdir())


def test_an_ordinary_user_has_labs_too(tmp_path):
    up = (
        "import sys; sys.argv[0] = ''; from suite.cluster.lab import keeper, permission; "
        "from suite.cluster.lab.registry import *; "
        f"lab = keeper.start(Registry(Path({str(tmp_path)!r})), Layout(2, 1), 100.0); "
        "print(permission.needs_user_namespace(), lab.id)"
    )
    drop = ["setpriv", "--bounding-set=-sys_admin,-net_admin", "--inh-caps=-sys_admin,-net_admin"]
    done = subprocess.run(
        [*(drop if os.geteuid() == 0 else []), sys.executable, "-c", up], capture_output=True, text=True, check=False
    )
    if "may not make network namespaces" in done.stderr:
        pytest.skip(f"this kernel keeps user namespaces from ordinary users: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0 and done.stdout.startswith("True "), done.stderr
    state = Registry(tmp_path).find(done.stdout.split()[1])
    try:
        assert "tbf" in inside(state, "server1", "tc", "qdisc", "show", "dev", "a2a")
    finally:
        end(state, signal.SIGTERM)

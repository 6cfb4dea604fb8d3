"""A lab by hand, from up to down."""

from suite.cluster.lab.registry import Registry
from tests.program import lshmoe_bench
from tests.suite.cluster.lab.needs import needs_lab


@needs_lab
def test_a_lab_comes_is_entered_and_goes() -> None:
    up = lshmoe_bench("lab", "up", "--rate-mbit", "100")
    assert up.returncode == 0, up.stderr
    values = dict(line.split("=", 1) for line in up.stdout.splitlines())
    lab = values["lab"]
    try:
        assert lshmoe_bench("lab", "show", "--lab", lab).stdout == up.stdout
        inside = lshmoe_bench("lab", "enter", "--lab", lab, "server1", "ip", "-brief", "address", "show", "a2a")
        assert inside.returncode == 0, inside.stderr
        assert values["server1_a2a"] in inside.stdout
        assert lshmoe_bench("lab", "enter", "--lab", lab, "server1", "false").returncode == 1
        wrong = lshmoe_bench("lab", "enter", "--lab", lab, "sever1", "true")
        assert wrong.returncode == 2 and "did you mean 'server1'?" in wrong.stderr
    finally:
        down = lshmoe_bench("lab", "down", "--lab", lab)
    assert (down.returncode, down.stdout) == (0, f"lab={lab}\n")
    assert lab not in [state.id for state in Registry.of_user().living()]

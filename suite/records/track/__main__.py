"""``python -m suite.records.track sync scale=nano`` replays records; ``… ui port=5000`` shows them."""

import sys

from suite.config.compose import compose
from suite.errors import UserError, exit_on_error, unknown

COMMANDS = ("sync", "ui")
PORT = 5000


def main(arguments: list[str]) -> None:
    """Run one of the commands.

    Raises:
        UserError: another command, a bad option, or MLflow cannot be used.
    """
    if not arguments or arguments[0] not in COMMANDS:
        raise unknown("command", arguments[0] if arguments else "", COMMANDS)
    command, *options = arguments
    config = compose([option for option in options if not option.startswith("port=")])
    scale = config.scale.name
    if command == "ui":
        from suite.records.track.ui import serve

        serve(config.results, scale, _port(options))
        return
    if not (config.results / scale).is_dir():
        raise UserError(f"results: there is no {config.results / scale}; run the pipeline first")
    from suite.records.track.store import tracking_uri
    from suite.records.track.sync import Replay

    tally = Replay(config.results, scale).update(over=True)
    for fault in tally.faults:
        print(fault, file=sys.stderr)
    counts = f"{tally.updated} mirrored, {tally.unchanged} there already, {len(tally.faults)} left out"
    print(f"{tracking_uri(config.results)}: {counts}")


def _port(options: list[str]) -> int:
    given = [option.removeprefix("port=") for option in options if option.startswith("port=")]
    if given and not given[-1].isdigit():
        raise UserError(f"port: {given[-1]!r} is no port; allowed: a whole number up to 65535")
    return int(given[-1]) if given else PORT


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])

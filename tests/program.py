"""The command line as a process of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("lshmoe-bench"))


def lshmoe_bench(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; ``options`` are those of :func:`subprocess.run`."""
    defaults = {"capture_output": True, "text": True, "timeout": 120, "check": False}
    return subprocess.run([PROGRAM, *words], **defaults | options)

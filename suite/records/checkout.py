"""The checkout that this code lies in."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def git_commit() -> str | None:
    """The checked-out commit, or None outside a git checkout."""
    return git("rev-parse", "HEAD")


def git(*arguments: str) -> str | None:
    """What git prints, or None outside a git checkout."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()

"""Words of a command line beside Hydra's overrides."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from suite.errors import UserError


def split_option(name: str, arguments: Sequence[str]) -> tuple[list[str] | None, list[str]]:
    """The words of the last ``name=a,b`` or ``name=[a,b]`` (None without one), and all other arguments."""
    given = [text for text in arguments if text.startswith(f"{name}=")]
    rest = [text for text in arguments if text not in given]
    if not given:
        return None, rest
    words = given[-1].removeprefix(f"{name}=").strip("[]").split(",")
    return [word.strip() for word in words if word.strip()], rest


def folder_word(field: str, folder: object) -> str:
    """A setting that names a folder, as a word for a shell command that is a format string; nothing without one.

    Raises:
        UserError: there is no such folder.
    """
    if folder is None:
        return ""
    path = Path(str(folder)).expanduser().absolute()
    if not path.is_dir():
        raise UserError(f"{field}: {path} is no folder")
    quoted = str(path).replace("\\", "\\\\").replace("'", "\\'")
    return shlex.quote(f"{field}='{quoted}'").replace("{", "{{").replace("}", "}}")

"""Words of a command line beside Hydra's overrides."""

import shlex
import zipfile
from collections.abc import Sequence
from pathlib import Path

from suite.errors import UserError

# Settings that say where data lie on this machine.
FOLDERS = ("glue_dir", "cifar10_dir")


def split_option(name: str, arguments: Sequence[str]) -> tuple[list[str] | None, list[str]]:
    """The words of the last ``name=a,b`` or ``name=[a,b]`` (None without one), and all other arguments."""
    given = [text for text in arguments if text.startswith(f"{name}=")]
    rest = [text for text in arguments if text not in given]
    if not given:
        return None, rest
    words = given[-1].removeprefix(f"{name}=").strip("[]").split(",")
    return [word.strip() for word in words if word.strip()], rest


def folder_word(field: str, folder: object) -> str:
    """A setting that names a folder, or a zip of one, as a word for a shell command.

    The command is a format string. Without a folder the word is empty.

    Raises:
        UserError: there is neither.
    """
    if folder is None:
        return ""
    path = Path(str(folder)).expanduser().absolute()
    if not (path.is_dir() or zipfile.is_zipfile(path)):
        raise UserError(f"{field}: {path} is no folder and no whole zip")
    quoted = str(path).replace("\\", "\\\\").replace("'", "\\'")
    return shlex.quote(f"{field}='{quoted}'").replace("{", "{{").replace("}", "}}")

"""Words of a command line beside Hydra's overrides."""

from collections.abc import Sequence


def split_option(name: str, arguments: Sequence[str]) -> tuple[list[str] | None, list[str]]:
    """The words of the last ``name=a,b`` or ``name=[a,b]`` (None without one), and all other arguments."""
    given = [text for text in arguments if text.startswith(f"{name}=")]
    rest = [text for text in arguments if text not in given]
    if not given:
        return None, rest
    words = given[-1].removeprefix(f"{name}=").strip("[]").split(",")
    return [word.strip() for word in words if word.strip()], rest

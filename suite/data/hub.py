"""Data sets of the Hugging Face hub, by the library ``datasets``."""

from typing import Any

from suite.errors import UserError


def load_split(name: str, path: str, config: str | None, split: str, revision: str) -> Any:
    """Rows of one split at a fixed revision, mapped from the library's own cache; downloaded if they are not there.

    Args:
        name: of the source, for messages.
        path: the data set's name on the hub, or a local folder.
        config: its configuration, if it has several.
        split: one of its splits.
        revision: a commit.

    Raises:
        UserError: if the library or the data cannot be had, with the remedy.
    """
    try:
        import datasets
    except ImportError:
        raise UserError(f"data {name}: this needs the package datasets; install it by: pip install datasets") from None
    try:
        return datasets.load_dataset(path, config, split=split, revision=revision)
    except (OSError, ValueError) as error:  # what the library raises for lost connections and unknown names
        raise UserError(
            f"data {name}: {path} could not be loaded from the Hugging Face hub ({str(error).splitlines()[0]}); "
            "check the network, or set HF_HOME to a cache that holds it"
        ) from None

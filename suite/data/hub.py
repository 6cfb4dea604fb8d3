"""Data sets of the Hugging Face hub, streamed: they are never stored as a whole, on disk or in memory."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from suite.data.registry import HubExamples, HubSource
from suite.errors import UserError


def hub_documents(source: HubSource) -> Iterator[str]:
    """Yield the documents of a source in its order, one at a time.

    Raises:
        UserError: as :func:`hub_rows`.
    """
    return _join(hub_rows(source, [source.column]), source.column, source.rows_per_document)


def hub_rows(source: HubSource | HubExamples, columns: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a source in its order, one at a time.

    Raises:
        UserError: if the ``datasets`` library is missing, or the hub cannot be reached or does not have the source.
    """
    try:
        from datasets import load_dataset
    except ImportError:
        raise UserError(f"data {source.name}: needs the datasets library; run: pip install datasets") from None
    where = f"{source.dataset} ({source.revision}) of the Hugging Face hub"
    try:
        stream = load_dataset(
            source.dataset, source.config, split=source.hub_split, revision=source.revision, streaming=True
        )
        yield from stream.select_columns(columns)
    except (
        OSError,
        ValueError,
        RuntimeError,
    ) as error:  # what datasets raises if the hub is unreachable or lacks the source
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"data {source.name}: {where} cannot be read ({reason}); check the network, or take a task with sources "
            "that package registries carry, such as text_lm or sst2_like"
        ) from None


def _join(rows: Iterator[dict[str, Any]], column: str, count: int) -> Iterator[str]:
    """Join every ``count`` consecutive rows into one document, a line each."""
    while lines := [row[column] for row in islice(rows, count)]:
        yield "\n".join(lines)

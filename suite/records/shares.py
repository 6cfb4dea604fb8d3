"""Measured shares of all-to-all: each record read whole or refused with a reason."""

from pathlib import Path

from suite.records.opened import note
from suite.records.reading import Invalid, RecordError, read_record
from suite.records.schema.shares import SharesRecord


def read_share_records(folder: Path) -> tuple[list[SharesRecord], list[Invalid]]:
    """Read ``shares/<cluster>/<model>.json`` below ``folder``: the good ones, and the others with their reasons."""
    records: list[SharesRecord] = []
    invalid: list[Invalid] = []
    for path in sorted(folder.glob("shares/*/*.json")):
        note(path)
        try:
            record = read_record(path, SharesRecord)
            if (record.cluster, record.model) != (path.parts[-2], path.stem):
                raise RecordError("it names another measurement than its path does")
            records.append(record)
        except RecordError as error:
            invalid.append(Invalid(path.stem, "", None, path, str(error)))
    return records, invalid

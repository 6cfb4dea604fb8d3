"""A row of a table: a cell by the name of its column, ``None`` where a value is missing."""

Row = dict[str, str | int | float | None]

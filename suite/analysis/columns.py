"""Columns of tables: what each means and how it is printed, declared once, at the field of a row that holds its value.

A table's row is a class with :func:`table_row`; its fields are the columns of the CSV, in their order. A field of type
:class:`~suite.analysis.estimate.Estimate` makes three: the value, ``…_low`` and ``…_high``.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar, dataclass_transform, get_args

from suite.analysis.estimate import Estimate

R = TypeVar("R")

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: in the CSV; the field's.
        meaning: one clause of Markdown; the documentation shows it.
        unit: of the value in the CSV, empty for none.
        header: above the printed column.
        form: format of a printed number.
        factor: a printed number is the value times this.
        better: which values speak for a method, if either does.
        words: the printed column is aligned to the left.
        tells_fault: stands for the whole row where its record is at fault.
        has_interval: the field is an :class:`Estimate`.
    """

    name: str
    meaning: str
    unit: str
    header: str
    form: str
    factor: float
    better: Better | None
    words: bool
    tells_fault: bool
    has_interval: bool = False

    @property
    def csv_names(self) -> tuple[str, ...]:
        """The names in the CSV's header: one, or three with an interval."""
        return (self.name, f"{self.name}_low", f"{self.name}_high") if self.has_interval else (self.name,)


def column(
    meaning: str,
    unit: str = "",
    *,
    header: str = "",
    form: str = ".3g",
    factor: float = 1,
    better: Better | None = None,
    words: bool = False,
    tells_fault: bool = False,
    default: Any = MISSING,
) -> Any:
    """A field of a row; the arguments are those of :class:`Column`, ``header`` is the field's name by default.

    Args:
        default: of the field; without one, every row must be given a value.
    """
    declared = Column("", meaning, unit, header, form, factor, better, words, tells_fault)
    return field(default=default, metadata={"column": declared})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(column,))
def table_row(cls: type[R]) -> type[R]:
    """Make a class a row of a table: a frozen dataclass that is created by keywords.

    Raises:
        TypeError: naming a field that is no :func:`column`.
    """
    made: Callable[[type[R]], type[R]] = dataclass(frozen=True, kw_only=True)
    row = made(cls)
    columns_of(row)
    return row


def columns_of(row: type[Any]) -> tuple[Column, ...]:
    """The columns of a row type, in the order of the CSV.

    Raises:
        TypeError: naming a field that is no :func:`column`.
    """
    found = []
    for each in fields(row):
        if "column" not in each.metadata:
            raise TypeError(f"{row.__name__}.{each.name}: a row's field is declared by column(meaning, unit, …)")
        declared: Column = each.metadata["column"]
        has_interval = Estimate in (each.type, *get_args(each.type))
        header = declared.header or each.name
        found.append(replace(declared, name=each.name, header=header, has_interval=has_interval))
    return tuple(found)

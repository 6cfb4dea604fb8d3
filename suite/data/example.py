"""A labelled example."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A text, or a pair of texts, with its class.

    Attributes:
        text: the text, or the first of a pair.
        label: number of its class, from 0.
        group: examples of one group are all in training, or all held out.
        pair: the second text, if there is one.
    """

    text: str
    label: int
    group: str
    pair: str | None = None

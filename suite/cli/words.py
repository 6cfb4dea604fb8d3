"""Arguments written ``name=value``, and how shells complete them."""

from collections.abc import Callable, Iterable, Sequence

import click
from click.shell_completion import CompletionItem

# Names that may come next, from the word so far and the words before it.
Names = Callable[[str, Sequence[str]], Iterable[str]]
# What a name may be set to.
Values = Callable[[str], Iterable[str]]


class Words(click.ParamType[str]):
    """One ``name=value``; whoever receives it judges it.

    Args:
        names: what may stand before the ``=``.
        values: what may stand after it; nothing where that cannot be listed. Lists are written ``a,b`` or ``[a,b]``.
    """

    name = "name=value"

    def __init__(self, names: Names, values: Values) -> None:
        self.names, self.values = names, values

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        earlier = [str(word) for word in ctx.params.get(param.name or "") or () if word != "="]
        if "=" in incomplete:  # zsh and fish keep a word whole
            name, _, value = incomplete.partition("=")
            found = [f"{name}={each}" for each in self._completed(name, value)]
        elif earlier and "=" not in earlier[-1]:  # bash splits it at its "="
            found = self._completed(earlier[-1], incomplete)
        else:
            found = [f"{name}=" for name in self.names(incomplete, earlier) if name.startswith(incomplete)]
            if len(found) == 1:  # with its values the shell sets no space after "="
                found = [found[0] + each for each in self.values(found[0][:-1])] or found
        return [CompletionItem(text) for text in found]

    def _completed(self, name: str, value: str) -> list[str]:
        before, comma, last = value.rpartition(",")
        if last.startswith("["):
            before, last = "[", last[1:]
        return [f"{before}{comma}{each}" for each in self.values(name) if each.startswith(last)]

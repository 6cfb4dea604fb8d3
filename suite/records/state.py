"""Whether files have changed since they were read."""

from pathlib import Path


def state_of_files(folder: Path, names: tuple[str, ...]) -> tuple[object, ...]:
    """Changes whenever one of the files does."""
    state: list[object] = []
    for name in names:
        try:
            stat = (folder / name).stat()
            state.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
        except FileNotFoundError:
            state.append(None)
    return tuple(state)

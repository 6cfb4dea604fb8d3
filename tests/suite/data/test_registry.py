"""The registry says what each source is and where it comes from."""

from suite.data.registry import PublishedImages, Source, TableExamples, registry


def test_the_files_that_big_bench_guards_are_read_as_examples_alone() -> None:
    guarded = [entry for entry in registry().values() if getattr(entry, "package", None) == "bigbench"]
    assert len(guarded) >= 3
    assert {entry.documents.kind for entry in guarded} == {"members"}


def test_the_registry_says_where_everything_comes_from() -> None:
    for known in registry().values():
        origin = {"package", "version", "sha256"} if isinstance(known, Source) else {"dataset", "revision", "config"}
        if isinstance(known, TableExamples | PublishedImages):  # a digest joins where the files are known
            origin = set()
        assert known.record().keys() == {"name", "title", "licence", "split"} | origin

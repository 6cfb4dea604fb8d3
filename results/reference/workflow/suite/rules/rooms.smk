# Code that the output of a rule depends on: whole rooms, so that no edit is missed. Runs and measurements do not depend
# on code: they take hours, and their records say which commit made them.
SOURCES = (".py", ".yaml", ".j2", ".css", ".js")


def rooms(*names):
    """Every source file of some rooms of the suite, and of the loose modules that all of them use."""
    files = [path for name in names for path in Path("suite", name).rglob("*")] + list(Path("suite").glob("*.py"))
    return sorted(str(path) for path in files if path.suffix in SOURCES)


# What stands below tables, figures and claims, and the configurations that it reads.
TELLING = [*rooms("analysis", "costmodel", "records", "config"), *rooms("conf")]
TELLING.remove("suite/conf/claims.yaml")

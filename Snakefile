# The map of the whole pipeline: data, runs, step times, probes, tables, figures, studies, claims, report.
#   snakemake TARGET --profile profiles/laptop|slurm --config scale=nano|mini|paper [methods=a,b] [models=…] [tasks=…]
#   [seeds=0,1] [cluster=…] [timed_on=…] [storage=URL] [glue_dir=FOLDER] [cifar10_dir=FOLDER]
# Targets: prepare_data, runs, probes, tables, figures, sweeps, claims, manifest, crate, report, reproduce (all of them, the
# default).
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from snakemake.utils import min_version

from suite.errors import exit_on_error
from suite.config.arguments import FOLDERS, folder_word
from suite.config.matrix import RunKey, measurement, origin, pacemaker, select
from suite.records.track.live import mirrored

min_version("9.27")

with exit_on_error():
    STORAGE = config.pop("storage", None)  # of studies; SQLite beside their records without one
    # Folders in place of downloads. They are no parameters of a rule: the same data elsewhere make no run due.
    DATA = " ".join(filter(None, (folder_word(field, config.pop(field, None)) for field in FOLDERS)))
    MATRIX = select(config)

# Rules run in the environment that Snakemake runs in, with the packages of this folder.
packages = os.pathsep.join(filter(None, (workflow.basedir, os.environ.get("PYTHONPATH"))))
shell.prefix(f"set -euo pipefail; export PATH={Path(sys.executable).parent}:$PATH PYTHONPATH={packages}; ")
RESULTS = f"results/{MATRIX.scale}"


# All runs are mirrored to MLflow as they go, by one process beside them; --no-hooks does without.
MIRROR = ExitStack()


onstart:
    MIRROR.enter_context(mirrored(Path("results"), MATRIX.scale))


onsuccess:
    MIRROR.close()


onerror:
    MIRROR.close()


wildcard_constraints:
    seed=r"\d+",


include: "suite/rules/rooms.smk"
include: "suite/rules/cluster.smk"
include: "suite/rules/data.smk"
include: "suite/rules/runs.smk"
include: "suite/rules/speed.smk"
include: "suite/rules/probe.smk"
include: "sweeps/rules.smk"
include: "suite/rules/tables.smk"
include: "suite/rules/figures.smk"
include: "suite/rules/claims.smk"
include: "suite/rules/report.smk"


rule reproduce:
    default_target: True
    input:
        rules.tables.input,
        rules.figures.input,
        rules.claims.output,
        rules.crate.output,
        rules.report.output,

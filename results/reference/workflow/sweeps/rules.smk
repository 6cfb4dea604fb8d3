# Studies: created once, worked on by any number of workers, collected, confirmed with fresh seeds, reported. Without
# `storage` a study lives in SQLite, which is for one machine; across nodes give PostgreSQL's URL.
# The target `sweeps` makes the paper's ablation; any other study is asked for by its report:
#   snakemake results/nano/sweeps/nano_hash/report.md --profile profiles/laptop
from suite.config.matrix import RunKey, origin
from sweeps.candidates import candidates, confirmation_run
from sweeps.folder import StudyFolder
from sweeps.study import CONF, load_study

# Those whose model and tasks are selected.
SWEEPS = [
    name
    for name in ("paper_ablation",)
    if {(study.model, task) for study in [load_study(name, MATRIX.scale)] for task in study.tasks}
    <= {(run.model, run.task) for run in MATRIX.runs}
]
STUDY = f"{RESULTS}/sweeps/{{study}}"
CONFIRMED = f"{STUDY}/confirmation/{{candidate}}/{MATRIX.scale}/runs/{{model}}/{{task}}/{{method}}/seed{{seed}}"
STUDY_ARGUMENTS = f"study={{wildcards.study}} scale={MATRIX.scale}" + (f" 'storage={STORAGE}'" if STORAGE else "")


def study_of(wildcards):
    return load_study(wildcards.study, MATRIX.scale)


def study_data(wildcards):
    return [f"{RESULTS}/data/{task}.json" for task in study_of(wildcards).tasks]


def study_origins(wildcards):
    """Finished runs whose weights the trials start from."""
    study = study_of(wildcards)
    runs = [RunKey(study.model, task, method, study.seed) for task in study.tasks for method in ("vanilla", "lsh")]
    return sorted({f"{RESULTS}/{start.path}/summary.json" for run in runs if (start := origin(run, study.scale))})


def study_memory(wildcards):
    study = study_of(wildcards)
    return [path for task in study.tasks for path in memory_of(study.cluster, study.model, task)]


STUDY_RESOURCES = of_ranks(lambda wildcards: cluster_named(study_of(wildcards).cluster), MATRIX.scale)


def study_workers(wildcards):
    return [f"{RESULTS}/sweeps/{wildcards.study}/workers/{n}.done" for n in range(study_of(wildcards).workers)]


def study_confirmations(wildcards):
    checkpoints.collect_study.get(study=wildcards.study)
    study, folder = study_of(wildcards), StudyFolder(Path("results"), MATRIX.scale, wildcards.study)
    return [
        confirmation_run(study, folder, candidate, seed) / "summary.json"
        for candidate in candidates(study, folder)
        for seed in study.confirmation.seeds
    ]


rule create_study:
    input:
        study_data,
        f"{CONF}/{{study}}.yaml",
    output:
        f"{STUDY}/study.yaml",
    log:
        f"{RESULTS}/logs/sweeps/{{study}}/create.log",
    shell:
        f"lshmoe-bench study create {STUDY_ARGUMENTS} 2>&1 | tee {{log}}"


# Nothing else may disturb the step times of a trial, so a worker takes all cores; a second one comes after it, finds
# nothing left and ends. On a cluster each is a job of its own. A worker that is killed leaves its trial to the others.
rule work_on_study:
    input:
        f"{STUDY}/study.yaml",
        study_origins,
        memory=study_memory,
    output:
        touch(f"{STUDY}/workers/{{worker}}.done"),
    log:
        f"{RESULTS}/logs/sweeps/{{study}}/worker{{worker}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sweeps/{{study}}/worker{{worker}}.tsv"
    threads: workflow.cores
    resources:
        **STUDY_RESOURCES,
    shell:
        f"lshmoe-bench study work {STUDY_ARGUMENTS} 2>&1 | tee {{log}}"


# What is best, and so what is to be confirmed, is known only now.
checkpoint collect_study:
    input:
        study_workers,
    output:
        [f"{STUDY}/{table}.csv" for table in ("trials", "pareto", "importance", "best")],
    log:
        f"{RESULTS}/logs/sweeps/{{study}}/collect.log",
    shell:
        f"lshmoe-bench study collect {STUDY_ARGUMENTS} 2>&1 | tee {{log}}"


rule confirm_setting:
    input:
        f"{STUDY}/best.csv",
        study_origins,
        memory=study_memory,
    output:
        f"{CONFIRMED}/summary.json",
    log:
        f"{RESULTS}/logs/sweeps/{{study}}/{{candidate}}/{{model}}/{{task}}/{{method}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sweeps/{{study}}/{{candidate}}/{{model}}/{{task}}/{{method}}/seed{{seed}}.tsv"
    threads: workflow.cores
    resources:
        **STUDY_RESOURCES,
    shell:
        f"lshmoe-bench study confirm study={{wildcards.study}} scale={MATRIX.scale}"
        " candidate={wildcards.candidate} seed={wildcards.seed} 2>&1 | tee {log}"


rule report_study:
    input:
        study_confirmations,
    output:
        f"{STUDY}/report.md",
        f"{STUDY}/confirmation.csv",
    log:
        f"{RESULTS}/logs/sweeps/{{study}}/report.log",
    shell:
        f"lshmoe-bench study report study={{wildcards.study}} scale={MATRIX.scale} 2>&1 | tee {{log}}"


rule sweeps:
    input:
        [f"{RESULTS}/sweeps/{study}/report.md" for study in SWEEPS],

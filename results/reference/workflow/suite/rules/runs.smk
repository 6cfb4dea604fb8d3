# One rule, one run, all cores: nothing else may disturb its step times. A run that was interrupted goes on from its
# checkpoint. Controls wait for the run whose rate they copy, fine-tuning for the run whose weights it starts from. One
# process mirrors all of them to MLflow, so none has a mirror of its own.
import json
from pathlib import Path

from suite.training.rate_schedule import rate_override

RUN = f"{RESULTS}/runs/{{model}}/{{task}}/{{method}}/seed{{seed}}"


def key(wildcards):
    return RunKey(wildcards.model, wildcards.task, wildcards.method, int(wildcards.seed))


def cluster(wildcards):
    return MATRIX.cluster(wildcards.model, wildcards.task)


def summary_of(run):
    return [f"{RESULTS}/{run.path}/summary.json"] if run else []


def pace(wildcards, input):
    if not input.pacemaker:
        return ""
    return f"'{rate_override(json.loads(Path(input.pacemaker[0]).read_text()))}'"


rule run:
    input:
        "suite/conf/model/{model}.yaml",
        "suite/conf/task/{task}.yaml",
        "suite/conf/method/{method}.yaml",
        lambda wildcards: f"suite/conf/cluster/{cluster(wildcards)}.yaml",
        data=f"{RESULTS}/data/{{task}}.json",
        pacemaker=lambda wildcards: summary_of(pacemaker(key(wildcards))),
        origin=lambda wildcards: summary_of(origin(key(wildcards), MATRIX.scale)),
        memory=lambda wildcards: memory_of(cluster(wildcards), wildcards.model, wildcards.task),
    output:
        f"{RUN}/summary.json",
    log:
        f"{RESULTS}/logs/runs/{{model}}/{{task}}/{{method}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/runs/{{model}}/{{task}}/{{method}}/seed{{seed}}.tsv"
    threads: workflow.cores
    resources:
        **of_ranks(lambda wildcards: cluster_named(cluster(wildcards)), MATRIX.scale),
    params:
        scale=MATRIX.scale,
        cluster=cluster,
        rate=pace,
    shell:
        "lshmoe-bench train model={wildcards.model} task={wildcards.task} method={wildcards.method} tracking=off"
        " seed={wildcards.seed} scale={params.scale} cluster={params.cluster} {params.rate} "
        + DATA
        + " 2>&1 | tee {log}"


rule runs:
    input:
        [f"{RESULTS}/{run.path}/summary.json" for run in MATRIX.runs],

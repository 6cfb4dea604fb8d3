# Step times of all selected methods of one model on one task, paired within one process group.


def trained(wildcards):
    """The runs of the first seed: their weights and their settings are what gets measured."""
    return [
        f"{RESULTS}/{run.path}/summary.json"
        for run in MATRIX.runs
        if (run.model, run.task, run.seed) == (wildcards.model, wildcards.task, MATRIX.first_seed)
    ]


rule speed:
    input:
        trained,
        f"suite/conf/scale/{MATRIX.scale}.yaml",
    output:
        f"{RESULTS}/speed/{CLUSTER}/{{model}}/{{task}}.json",
    log:
        f"{RESULTS}/logs/speed/{CLUSTER}/{{model}}/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/speed/{CLUSTER}/{{model}}/{{task}}.tsv"
    threads: workflow.cores
    params:
        scale=MATRIX.scale,
        cluster=CLUSTER,
        seed=MATRIX.first_seed,
        methods=lambda wildcards: ",".join(MATRIX.methods(wildcards.model, wildcards.task)),
    shell:
        "python -m suite.measure model={wildcards.model} task={wildcards.task} scale={params.scale}"
        " cluster={params.cluster} seed={params.seed} 'methods=[{params.methods}]' 2>&1 | tee {log}"

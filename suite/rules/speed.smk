# Step times of all methods of one model on one task, paired within one process group. A method that is selected later
# joins those that have run: all of them are measured again, together.


def contest(wildcards):
    """The runs whose weights and settings get measured."""
    return measurement(MATRIX, wildcards.model, wildcards.task, Path(RESULTS))


rule speed:
    input:
        lambda wildcards: [f"{RESULTS}/{run.path}/summary.json" for run in contest(wildcards)],
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
        methods=lambda wildcards: ",".join(run.method for run in contest(wildcards)),
        seed=lambda wildcards: contest(wildcards)[0].seed,
    shell:
        "python -m suite.measure model={wildcards.model} task={wildcards.task} scale={params.scale}"
        " cluster={params.cluster} seed={params.seed} 'methods=[{params.methods}]' 2>&1 | tee {log}"

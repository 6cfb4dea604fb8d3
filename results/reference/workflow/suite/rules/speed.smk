from suite.cluster.lab import permission

# Step times of all methods of one model on one task, paired within one process group. A method that is selected later
# joins those that have run: all of them are measured again, together.


def contest(wildcards):
    """The runs whose weights and settings get measured."""
    return measurement(MATRIX, wildcards.model, wildcards.task, Path(RESULTS))


def network(wildcards):
    """Where the lab may not be made, its links are paced, and the records say so."""
    return "" if MATRIX.timed_on != "lab" or permission.available() else "cluster.network=paced"


rule speed:
    input:
        lambda wildcards: [f"{RESULTS}/{run.path}/summary.json" for run in contest(wildcards)],
        f"suite/conf/scale/{MATRIX.scale}.yaml",
        memory=lambda wildcards: memory_of(MATRIX.timed_on, wildcards.model, wildcards.task),
    output:
        f"{RESULTS}/speed/{MATRIX.timed_on}/{{model}}/{{task}}.json",
    log:
        f"{RESULTS}/logs/speed/{MATRIX.timed_on}/{{model}}/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/speed/{MATRIX.timed_on}/{{model}}/{{task}}.tsv"
    threads: workflow.cores
    resources:
        **of_ranks(
            lambda wildcards: cluster_named(MATRIX.timed_on),
            MATRIX.scale,
            copies=lambda wildcards: len(contest(wildcards)),
        ),
    params:
        scale=MATRIX.scale,
        cluster=MATRIX.timed_on,
        network=network,
        methods=lambda wildcards: ",".join(run.method for run in contest(wildcards)),
        seed=lambda wildcards: contest(wildcards)[0].seed,
    shell:
        "lshmoe-bench measure speed model={wildcards.model} task={wildcards.task} scale={params.scale}"
        " cluster={params.cluster} {params.network} seed={params.seed} 'methods=[{params.methods}]' "
        + DATA
        + " 2>&1 | tee {log}"


# Fig. 3: vanilla's share of all-to-all with doubled experts and doubled servers, all models in two launches.
SHARES = [f"{RESULTS}/shares/{MATRIX.timed_on}/{model}.json" for model in MATRIX.shares]

if SHARES:

    rule shares:
        input:
            [f"{RESULTS}/data/{task}.json" for task, _ in MATRIX.shares.values()],
            f"suite/conf/scale/{MATRIX.scale}.yaml",
        output:
            SHARES,
        log:
            f"{RESULTS}/logs/shares/{MATRIX.timed_on}.log",
        benchmark:
            f"{RESULTS}/benchmarks/shares/{MATRIX.timed_on}.tsv"
        threads: workflow.cores
        params:
            scale=MATRIX.scale,
            cluster=MATRIX.timed_on,
            network=network,
            models=",".join(MATRIX.shares),
        shell:
            "lshmoe-bench measure shares scale={params.scale} cluster={params.cluster} {params.network}"
            " 'models=[{params.models}]' " + DATA + " 2>&1 | tee {log}"

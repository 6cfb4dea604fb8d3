# Errors of methods against exact dispatch, on the weights that vanilla reached; half a minute each in nano.


rule probe:
    input:
        lambda wildcards: [f"{RESULTS}/{run.path}/summary.json" for run in contest(wildcards)],
        f"suite/conf/scale/{MATRIX.scale}.yaml",
        "suite/measurement/probe_worker.py",
        "suite/measurement/divergence.py",
    output:
        f"{RESULTS}/probe/{{model}}/{{task}}.json",
    log:
        f"{RESULTS}/logs/probe/{{model}}/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/probe/{{model}}/{{task}}.tsv"
    threads: workflow.cores
    params:
        scale=MATRIX.scale,
        cluster=cluster,
        methods=lambda wildcards: ",".join(run.method for run in contest(wildcards)),
        seed=lambda wildcards: contest(wildcards)[0].seed,
    shell:
        "lshmoe-bench measure errors model={wildcards.model} task={wildcards.task} scale={params.scale}"
        " cluster={params.cluster} seed={params.seed} 'methods=[{params.methods}]' " + DATA + " 2>&1 | tee {log}"


rule probes:
    input:
        [f"{RESULTS}/probe/{model}/{task}.json" for model, task in MATRIX.probed],

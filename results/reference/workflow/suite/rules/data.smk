# Fetched, checked and tokenised once per task, before any rank starts.


rule data:
    input:
        "suite/conf/task/{task}.yaml",
        "suite/data/registry.yaml",
    output:
        f"{RESULTS}/data/{{task}}.json",
    log:
        f"{RESULTS}/logs/data/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/data/{{task}}.tsv"
    resources:
        mem_mb=lambda wildcards, attempt: attempt * 8000,
        runtime=1440 if MATRIX.scale == "paper" else 60,
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench prepare task={wildcards.task} scale={params.scale} " + DATA + " 2>&1 | tee {log}"


# On a machine with internet, for compute nodes without it.
rule prepare_data:
    input:
        expand(rules.data.output, task=dict.fromkeys(run.task for run in MATRIX.runs)),

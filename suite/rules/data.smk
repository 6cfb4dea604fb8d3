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
    threads: workflow.cores
    params:
        scale=MATRIX.scale,
    shell:
        "python -m suite.data.prepare task={wildcards.task} scale={params.scale} 2>&1 | tee {log}"

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
    shell:
        "{PYTHON} -m suite.data.prepare task={wildcards.task} scale={MATRIX.scale} 2>&1 | tee {log}"

# From records alone. A record at fault costs its own cells; see the log for the reasons.
TABLES = [f"{RESULTS}/tables/{name}.{suffix}" for name in ("convergence", "speedup") for suffix in ("csv", "md")]


rule compile_tables:
    input:
        rules.runs.input,
        [f"{RESULTS}/speed/{CLUSTER}/{model}/{task}.json" for model, task in MATRIX.timed],
        "suite/comparisons.py",
        "suite/tables.py",
    output:
        TABLES,
    log:
        f"{RESULTS}/logs/tables.log",
    params:
        scale=MATRIX.scale,
    shell:
        "python -m suite.tables scale={params.scale} 2>&1 | tee {log}"


rule tables:
    input:
        TABLES,

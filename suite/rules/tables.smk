from suite.config import choices

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


# From configurations alone, whatever was run: the paper's Table 1 beside our models at its sizes.
MODELS = [f"{RESULTS}/tables/models.{suffix}" for suffix in ("csv", "md")]


rule compile_models:
    input:
        "suite/conf/paper/table1.yaml",
        [f"suite/conf/model/{name}.yaml" for name in choices("model")],
        "suite/models_table.py",
        "suite/parameters.py",
        "suite/readings.py",
    output:
        MODELS,
    log:
        f"{RESULTS}/logs/models.log",
    params:
        scale=MATRIX.scale,
    shell:
        "python -m suite.models_table scale={params.scale} 2>&1 | tee {log}"


rule tables:
    input:
        TABLES,
        MODELS,

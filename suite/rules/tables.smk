from suite.config import choices

# From records alone. A record at fault costs its own cells; see the log for the reasons.
RECORDS = [
    *rules.runs.input,
    *(f"{RESULTS}/speed/{MATRIX.timed_on}/{model}/{task}.json" for model, task in MATRIX.timed),
]
TABLES = {
    name: [f"{RESULTS}/tables/{name}.{suffix}" for suffix in ("csv", "md")]
    for name in ("convergence", "speedup", "prediction", "kinds", "runs", "audit", "extrapolation", "models")
}
TABLES["prediction"].append(f"{RESULTS}/tables/kappa_map.csv")
if SHARES:
    TABLES["shares"] = [f"{RESULTS}/tables/shares.{suffix}" for suffix in ("csv", "md")]


rule compile_tables:
    input:
        RECORDS,
        "suite/comparisons.py",
        "suite/prediction.py",
        "suite/tables/convergence.py",
        "suite/tables/speedup.py",
        "suite/tables/prediction.py",
        "suite/tables/kinds.py",
        "suite/tables/runs.py",
    output:
        TABLES["convergence"],
        TABLES["speedup"],
        TABLES["prediction"],
        TABLES["kinds"],
        TABLES["runs"],
    log:
        f"{RESULTS}/logs/tables.log",
    params:
        scale=MATRIX.scale,
    shell:
        "for table in convergence speedup prediction kinds runs; do"
        " python -m suite.tables.$table scale={params.scale}; done 2>&1 | tee {log}"


# Without any record: what the paper's numbers say of each other, and what the cost model says of larger clusters.
PAPER = [
    "suite/conf/paper/published.yaml",
    "suite/conf/targets.yaml",
    "suite/conf/hardware.yaml",
    *sorted(str(path) for package in ("costmodel", "audit") for path in Path("suite", package).glob("*.py")),
]


rule compile_audit:
    input:
        PAPER,
        "suite/tables/audit.py",
    output:
        TABLES["audit"],
    log:
        f"{RESULTS}/logs/audit.log",
    params:
        scale=MATRIX.scale,
    shell:
        "python -m suite.tables.audit scale={params.scale} 2>&1 | tee {log}"


rule compile_extrapolation:
    input:
        PAPER,
        "suite/extrapolation.py",
        "suite/tables/extrapolation.py",
    output:
        TABLES["extrapolation"],
    log:
        f"{RESULTS}/logs/extrapolation.log",
    params:
        scale=MATRIX.scale,
    shell:
        "python -m suite.tables.extrapolation scale={params.scale} 2>&1 | tee {log}"


# From configurations alone, whatever was run: the paper's Table 1 beside our models at its sizes.
rule compile_models:
    input:
        "suite/conf/paper/table1.yaml",
        [f"suite/conf/model/{name}.yaml" for name in choices("model")],
        "suite/tables/models.py",
        "suite/parameters.py",
        "suite/readings.py",
    output:
        TABLES["models"],
    log:
        f"{RESULTS}/logs/models.log",
    params:
        scale=MATRIX.scale,
    shell:
        "python -m suite.tables.models scale={params.scale} 2>&1 | tee {log}"


if SHARES:

    rule compile_shares:
        input:
            SHARES,
            "suite/shares.py",
            "suite/tables/shares.py",
        output:
            TABLES["shares"],
        log:
            f"{RESULTS}/logs/shares_table.log",
        params:
            scale=MATRIX.scale,
        shell:
            "python -m suite.tables.shares scale={params.scale} 2>&1 | tee {log}"


rule tables:
    input:
        *TABLES.values(),

from suite import tables as table_modules
from suite.config.conf import choices

# From records alone. A record at fault costs its own cells; see the log for the reasons.
RECORDS = [
    *rules.runs.input,
    *(f"{RESULTS}/speed/{MATRIX.timed_on}/{model}/{task}.json" for model, task in MATRIX.timed),
    *SHARES,
    *rules.probes.input,
    *rules.sweeps.input,
    # Other studies join where they have been reported.
    *(str(path) for path in sorted(Path(RESULTS).glob("sweeps/*/report.md")) if str(path) not in rules.sweeps.input),
]
# Without any record: what the paper's numbers say of each other, what the cost model says of larger clusters, and from
# configurations alone, whatever was run, the paper's Table 1 beside our models at its sizes.
WITHOUT_RECORDS = ("audit", "extrapolation", "models")
TABLES = {
    name: [f"{RESULTS}/tables/{name}.{suffix}" for suffix in ("csv", "md", "tex")] for name in table_modules.names()
}
TABLES["prediction"].append(f"{RESULTS}/tables/kappa_map.csv")
FROM_RECORDS = [name for name in TABLES if name not in WITHOUT_RECORDS]
TABLE_CODE = ["suite/tables/formatting.py", "suite/tables/latex.py", "suite/tables/sheet.py"]
PAPER = [
    "suite/conf/paper/published.yaml",
    "suite/conf/targets.yaml",
    "suite/conf/hardware.yaml",
    *sorted(str(path) for package in ("costmodel", "audit") for path in Path("suite", package).glob("*.py")),
]
# What turns records into rows, of tables and of figures.
ROWS = [
    f"suite/{name}.py"
    for name in "ablation comparisons paper_tables prediction probes savings shares statistics variance".split()
]
# The same as outputs: Snakemake's own report shows the CSV.
REPORTED = {
    name: [report(files[0], caption="captions/table.rst", category="Tables", labels={"table": name}), *files[1:]]
    for name, files in TABLES.items()
}


rule compile_tables:
    input:
        RECORDS,
        PAPER,
        ROWS,
        TABLE_CODE,
        [f"suite/tables/{name}.py" for name in FROM_RECORDS],
    output:
        [REPORTED[name] for name in FROM_RECORDS],
    log:
        f"{RESULTS}/logs/tables.log",
    params:
        scale=MATRIX.scale,
        tables=",".join(FROM_RECORDS),
    shell:
        "lshmoe-bench tables scale={params.scale} tables={params.tables} 2>&1 | tee {log}"


rule compile_audit:
    input:
        PAPER,
        TABLE_CODE,
        "suite/tables/audit.py",
    output:
        REPORTED["audit"],
    log:
        f"{RESULTS}/logs/audit.log",
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench tables scale={params.scale} tables=audit 2>&1 | tee {log}"


rule compile_extrapolation:
    input:
        PAPER,
        TABLE_CODE,
        "suite/analysis/extrapolation.py",
        "suite/tables/extrapolation.py",
    output:
        REPORTED["extrapolation"],
    log:
        f"{RESULTS}/logs/extrapolation.log",
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench tables scale={params.scale} tables=extrapolation 2>&1 | tee {log}"


rule compile_models:
    input:
        "suite/conf/paper/table1.yaml",
        [f"suite/conf/model/{name}.yaml" for name in choices("model")],
        TABLE_CODE,
        "suite/tables/models.py",
        "suite/costmodel/memory/parameters.py",
        "suite/analysis/readings.py",
    output:
        REPORTED["models"],
    log:
        f"{RESULTS}/logs/models.log",
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench tables scale={params.scale} tables=models 2>&1 | tee {log}"


rule tables:
    input:
        *TABLES.values(),

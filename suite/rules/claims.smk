# What the records say of every claim of the paper, and where everything comes from. A record at fault costs its own claims.
CLAIM_TABLES = [*TABLES["audit"], *TABLES["models"]]
CLAIMS = [f"{RESULTS}/claims.{suffix}" for suffix in ("json", "md")]


rule claims:
    input:
        RECORDS,
        CLAIM_TABLES,
        "suite/conf/claims.yaml",
        sorted(str(path) for path in Path("suite/claims").glob("*.py")),
        "suite/analysis/quality.py",
        "suite/analysis/statistics.py",
    output:
        CLAIMS[0],
        report(CLAIMS[1], caption="captions/claims.rst", category="Claims", labels={"claims": "all"}),
    log:
        f"{RESULTS}/logs/claims.log",
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench claims scale={params.scale} 2>&1 | tee {log}"


rule manifest:
    input:
        rules.tables.input,
        rules.figures.input,
        CLAIMS,
    output:
        f"{RESULTS}/manifest.json",
    log:
        f"{RESULTS}/logs/manifest.log",
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench manifest scale={params.scale} 2>&1 | tee {log}"


rule crate:
    input:
        rules.manifest.output,
        "suite/report/crate.py",
    output:
        f"{RESULTS}/ro-crate-metadata.json",
    log:
        f"{RESULTS}/logs/crate.log",
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench crate scale={params.scale} 2>&1 | tee {log}"

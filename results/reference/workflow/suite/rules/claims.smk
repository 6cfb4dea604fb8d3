# What the records say of every claim of the paper, and where everything comes from. A record at fault costs its own claims.
CLAIM_TABLES = [*TABLES["audit"], *TABLES["models"]]
CLAIMS = [f"{RESULTS}/claims.{suffix}" for suffix in ("json", "md")]


rule claims:
    input:
        RECORDS,
        CLAIM_TABLES,
        TELLING,
        rooms("tables", "claims"),
        "suite/conf/claims.yaml",
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
        rooms("report", "records"),
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
        rooms("report", "records"),
    output:
        f"{RESULTS}/ro-crate-metadata.json",
    log:
        f"{RESULTS}/logs/crate.log",
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench crate scale={params.scale} 2>&1 | tee {log}"

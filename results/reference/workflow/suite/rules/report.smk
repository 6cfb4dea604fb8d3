# One page of everything, from what the other rules made; studies join it where they have been reported.
rule report:
    input:
        rules.claims.output,
        rules.manifest.output,
        rules.tables.input,
        rules.figures.input,
        TELLING,
        rooms("tables", "figures", "claims", "report"),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench report scale={params.scale} 2>&1 | tee {log}"

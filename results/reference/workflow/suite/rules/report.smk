# One page of everything, from what the other rules made; studies join it where they have been reported.
rule report:
    input:
        rules.claims.output,
        rules.manifest.output,
        rules.tables.input,
        rules.figures.input,
        sorted(str(path) for path in Path("suite/report").rglob("*.*") if path.suffix != ".pyc"),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    params:
        scale=MATRIX.scale,
    shell:
        "python -m suite.report scale={params.scale} 2>&1 | tee {log}"


# A mirror of the records that nothing reads: without its server it is one printed line, and made later.
rule track:
    input:
        RECORDS,
    output:
        touch(f"{RESULTS}/track.done"),
    log:
        f"{RESULTS}/logs/track.log",
    params:
        scale=MATRIX.scale,
    shell:
        "python -m suite.track sync scale={params.scale} 2>&1 | tee {log}"
        " || echo 'tracking: the records are whole, mirror them later: python -m suite.track sync scale={params.scale}'"

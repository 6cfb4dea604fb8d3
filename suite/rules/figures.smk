# From records alone, each as SVG, PDF and PNG.
FIGURES = [f"{RESULTS}/figures/convergence.{suffix}" for suffix in ("svg", "pdf", "png")]


rule draw_figures:
    input:
        rules.runs.input,
        "suite/figures.py",
        "suite/style.py",
    output:
        FIGURES,
    log:
        f"{RESULTS}/logs/figures.log",
    params:
        scale=MATRIX.scale,
    shell:
        "python -m suite.figures scale={params.scale} 2>&1 | tee {log}"


rule figures:
    input:
        FIGURES,

# Each as SVG, PDF and PNG. The first two are drawn from records alone, the others without any.
FIGURE_INPUTS = {
    "convergence": rules.runs.input,
    "kappa_map": [*RECORDS, "suite/comparisons.py", "suite/prediction.py"],
    "audit": PAPER,
    "extrapolation": [*PAPER, "suite/extrapolation.py"],
    "shares": [*SHARES, "suite/shares.py"],
}
FIGURES = list(FIGURE_INPUTS)
if not SHARES:
    FIGURES.remove("shares")
if all(run.method == "vanilla" for run in MATRIX.runs):
    FIGURES.remove("kappa_map")  # it compares methods
FIGURE = [f"{RESULTS}/figures/{{figure}}.{suffix}" for suffix in ("svg", "pdf", "png")]


rule draw_figure:
    input:
        lambda wildcards: FIGURE_INPUTS[wildcards.figure],
        "suite/figures/{figure}.py",
        "suite/figures/saving.py",
        "suite/style.py",
    output:
        FIGURE,
    log:
        f"{RESULTS}/logs/figures/{{figure}}.log",
    wildcard_constraints:
        figure="|".join(FIGURE_INPUTS),
    params:
        scale=MATRIX.scale,
    shell:
        "python -m suite.figures.{wildcards.figure} scale={params.scale} 2>&1 | tee {log}"


rule figures:
    input:
        expand(FIGURE, figure=FIGURES),

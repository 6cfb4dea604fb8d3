# Each as SVG, PDF and PNG, all in one process: starting Python takes longer than drawing. Which figures there are depends
# on what the records allow; the index lists them, and of the others says why not.
FIGURE_INDEX = f"{RESULTS}/figures/index.json"


rule draw_figures:
    input:
        RECORDS,
        TELLING,
        rooms("figures"),
    output:
        report(FIGURE_INDEX, caption="captions/figures.rst", category="Figures", labels={"figures": "all"}),
    log:
        f"{RESULTS}/logs/figures.log",
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench figures scale={params.scale} 2>&1 | tee {log}"


rule figures:
    input:
        FIGURE_INDEX,

# What jobs of ranks ask of a cluster. Where their servers are nodes of their own, memory is estimated first, from shapes.
from suite.config.compose import cluster_named
from suite.costmodel.memory.resources import of_ranks


def memory_of(cluster, model, task):
    if cluster_named(cluster).network != "host":
        return []
    return [f"{RESULTS}/memory/{cluster}/{model}/{task}.json"]


rule memory:
    output:
        f"{RESULTS}/memory/{{cluster}}/{{model}}/{{task}}.json",
    log:
        f"{RESULTS}/logs/memory/{{cluster}}/{{model}}/{{task}}.log",
    localrule: True
    params:
        scale=MATRIX.scale,
    shell:
        "lshmoe-bench resources model={wildcards.model} task={wildcards.task} scale={params.scale}"
        " cluster={wildcards.cluster} 2>&1 | tee {log}"

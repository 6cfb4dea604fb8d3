"""The results of one scale as a Workflow Run RO-Crate.

Writes ``ro-crate-metadata.json`` and a copy of the workflow, ``workflow/``, into ``results/<scale>``, the crate.

One action per commit that runs were made with, whose results are these runs' records, and one that made tables,
figures and claims of all of them. Records hold no clock times, so neither do the actions.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import yaml
from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from suite.errors import UserError
from suite.files import write_atomically
from suite.records.checkout import ROOT, git
from suite.report.manifest import MANIFEST

METADATA = "ro-crate-metadata.json"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
LICENCES = {"Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0"}
FORMATS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".npz": "application/zip",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex",
    ".yaml": "application/yaml",
}
WORKFLOW = "workflow/Snakefile"


def build(folder: Path, scale: str) -> list[Path]:
    """Write the crate's metadata and its copy of the workflow into ``folder``.

    Raises:
        UserError: there is no manifest.
    """
    if not (folder / MANIFEST).exists():
        raise UserError(f"results: {folder} has no {MANIFEST}; run lshmoe-bench manifest scale={scale} first")
    known = json.loads((folder / MANIFEST).read_text())
    copied = _copy_workflow(folder)
    crate = _describe(folder, known, copied)
    graph = crate.metadata.generate()
    graph["@graph"].sort(key=lambda entity: (entity["@id"] not in (METADATA, "./"), entity["@id"]))
    write_atomically(folder / METADATA, json.dumps(graph, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return [folder / METADATA, *(folder / path for path in copied)]


def _copy_workflow(folder: Path) -> list[str]:
    """A crate holds its workflow; returns the copies, the Snakefile first."""
    sources = [ROOT / "Snakefile", *sorted(ROOT.glob("suite/rules/*.smk")), *sorted(ROOT.glob("sweeps/*.smk"))]
    shutil.rmtree(folder / "workflow", ignore_errors=True)
    paths = []
    for source in sources:
        paths.append(f"workflow/{source.relative_to(ROOT)}")
        write_atomically(folder / paths[-1], source.read_text())
    return paths


def _describe(folder: Path, known: dict[str, Any], copied: list[str]) -> ROCrate:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    licence = LICENCES[citation["license"]]
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(CONTEXT)
    crate.name = f"{citation['title']}, scale {known['scale']}"
    crate.description = citation["abstract"].strip()
    # Of the commit, not of the clock: the same records and code give the same bytes.
    crate.root_dataset["datePublished"] = git("log", "-1", "--format=%cI") or "unknown"
    crate.license = _entity(crate, licence, "CreativeWork", name=citation["license"])
    crate.root_dataset["conformsTo"] = [_entity(crate, url, "CreativeWork", name=PROFILES[url]) for url in PROFILES]
    agent = _entity(crate, "#authors", "Organization", name=citation["authors"][0]["name"])
    crate.root_dataset["author"] = agent
    workflow = _workflow(crate, folder, copied, known, agent)
    files = {
        path: crate.add_file(folder / path, path, properties=_properties(path, sha256))
        for path, sha256 in [
            *known["records"].items(),
            *((entry["path"], entry["sha256"]) for entry in known["artifacts"]),
        ]
    }
    scale = crate.add_formal_parameter(
        "scale", "Text", identifier="#parameter-scale", properties={"valueRequired": False}
    )
    workflow["input"] = [scale]
    value = _entity(crate, "#scale", "PropertyValue", name="scale", value=known["scale"], exampleOfWork=scale)
    prepared = [files[path] for path in known["records"] if path.startswith("data/")]
    for commit, paths in _records_by_commit(folder, list(known["records"])).items():
        name = f"runs and measurements at commit {commit}"
        action = _action(crate, f"#records-{commit}", name, workflow, agent)
        action["object"] = [value, *prepared]
        action["result"] = [files[path] for path in paths]
    action = _action(crate, "#artifacts", f"tables, figures and claims at commit {known['commit']}", workflow, agent)
    action["object"] = [value, *(files[path] for path in known["records"])]
    action["result"] = [files[entry["path"]] for entry in known["artifacts"]]
    return crate


def _workflow(crate: ROCrate, folder: Path, copied: list[str], known: dict[str, Any], agent: ContextEntity) -> Any:
    workflow = crate.add_workflow(
        folder / WORKFLOW, WORKFLOW, main=True, lang="snakemake", properties={"name": "Snakefile", "author": agent}
    )
    workflow["version"] = known["commit"] or "unknown"
    workflow["hasPart"] = [crate.add_file(folder / path, path) for path in copied if path != WORKFLOW]
    return workflow


def _action(crate: ROCrate, identifier: str, name: str, workflow: Any, agent: ContextEntity) -> Any:
    action = crate.add_action(workflow, identifier=identifier, properties={"name": name})
    crate.root_dataset.append_to("mentions", action)
    action["agent"] = agent
    action["actionStatus"] = "http://schema.org/CompletedActionStatus"
    return action


def _records_by_commit(folder: Path, paths: list[str]) -> dict[str, list[str]]:
    """Records of runs, measurements and trials by the commit that made them."""
    found: dict[str, list[str]] = {}
    made = [path for path in paths if not path.startswith("data/")]
    commits = {}
    for path in made:
        if path.endswith("/summary.json"):
            commits[path.removesuffix("summary.json")] = _at(folder / path, "git_commit")
    for path in made:
        commit = commits.get(f"{path.rpartition('/')[0]}/") or _measured_at(folder / path)
        found.setdefault(commit or "unknown", []).append(path)
    return dict(sorted(found.items()))


def _measured_at(path: Path) -> str | None:
    """The commit of a measurement; a sample of rows has that of the probe beside it."""
    record, place = (
        path.with_suffix(".json") if path.suffix == ".npz" else path,
        ("environment", "ranks", 0, "git_commit"),
    )
    return _at(record, *place) or _at(record, "variants", 0, *place)


def _at(path: Path, *keys: str | int) -> str | None:
    """A value deep inside a JSON file; None where there is none."""
    if path.suffix != ".json":
        return None
    try:
        value = json.loads(path.read_text())
        for key in keys:
            value = value[key]
        return str(value) if value else None
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def _properties(path: str, sha256: str) -> dict[str, str]:
    form = FORMATS.get(Path(path).suffix)
    return {"name": path, "sha256": sha256} | ({"encodingFormat": form} if form else {})


def _entity(crate: ROCrate, identifier: str, kind: str, **properties: Any) -> ContextEntity:
    plain = {name: value for name, value in properties.items() if not isinstance(value, ContextEntity)}
    entity = crate.add(ContextEntity(crate, identifier, properties={"@type": kind, **plain}))
    for name in set(properties) - set(plain):
        entity[name] = properties[name]
    return entity

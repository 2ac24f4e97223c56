"""Write the contracts from the code: event schemas, one OpenAPI document per service, the gateway's merged one.

    python contracts/generate.py            write what changed
    python contracts/generate.py check      fail when a file does not fit the code
    python contracts/generate.py release    what stands now is what must not break from here on

`released/` holds the contracts others already build upon; `breaking_changes` compares with them. A break that is meant
stands in `released/accepted.yaml`, word by word as the check says it, with the reason.
"""

import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from gateway.edge.openapi import merge
from onestop_messages.schemas import all_schemas, breaks
from onestop_runtime.openapi import breaking_changes_of
from onestop_runtime.service import openapi

HERE = Path(__file__).parent
SERVICES = {
    "gateway": "gateway",
    "catalog": "svc_catalog",
    "intake": "svc_intake",
    "workflow": "svc_workflow",
    "datashare": "svc_datashare",
    "credit": "svc_credit",
}


def generated() -> dict[str, dict[str, Any]]:
    """Return every generated document by its path below `contracts/`."""
    documents = {f"events/{name}.json": schema for name, schema in all_schemas().items()}
    services = {name: openapi(importlib.import_module(f"{package}.main").SERVICE) for name, package in SERVICES.items()}
    documents |= {f"openapi/{name}.json": document for name, document in services.items()}
    documents["openapi/merged.json"] = merge(services)
    return documents


def text_of(document: dict[str, Any]) -> str:
    """Return a document as it is stored: sorted, indented, so that a change reads as a diff."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def stale(documents: dict[str, dict[str, Any]]) -> list[str]:
    """Return the paths whose file does not fit the code, the surplus ones included."""
    wrong = [path for path, document in documents.items() if _stored(HERE / path) != text_of(document)]
    kept = {str(path.relative_to(HERE)) for folder in ("events", "openapi") for path in (HERE / folder).glob("*.json")}
    return sorted({*wrong, *(kept - set(documents))})


def breaking_changes(documents: dict[str, dict[str, Any]], topics: dict[str, Any] | None = None) -> Iterator[str]:
    """Yield what would break somebody who relies on the released contracts, but for what `accepted.yaml` names."""
    accepted = yaml.safe_load((HERE / "released" / "accepted.yaml").read_text())
    found = [*_breaks(documents), *_moved(topics or _topics(HERE / "topics.yaml"))]
    yield from (change for change in found if change not in accepted)
    yield from (f"accepted, but does not happen: {change}" for change in accepted if change not in found)


def _topics(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text())
    return {name: document["defaults"] | facts for name, facts in document["topics"].items()}


def _moved(topics: dict[str, Any]) -> Iterator[str]:
    """Yield what of a topic changed on which order or completeness rest."""
    for name, old in _topics(HERE / "released" / "topics.yaml").items():
        new = topics.get(name)
        if new is None:
            yield f"topics.yaml: {name} removed"
            continue
        for fact in ("key", "partitions", "cleanup"):
            if old[fact] != new[fact]:
                yield f"topics.yaml: {name} {fact} {old[fact]} became {new[fact]}"
        for event in old["events"]:
            if event not in new["events"]:
                yield f"topics.yaml: {name} no longer carries {event}"


def _breaks(documents: dict[str, dict[str, Any]]) -> Iterator[str]:
    for released in sorted((HERE / "released").glob("*/*.json")):
        path = str(released.relative_to(HERE / "released"))
        old = json.loads(released.read_text())
        if path not in documents:
            yield f"{path}: removed"
        elif path.startswith("events/"):
            yield from (f"{path}{change}" for change in breaks(old, documents[path]))
        else:
            yield from (f"{path}: {change}" for change in breaking_changes_of(old, documents[path]))


def _stored(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def main(command: str) -> int:
    """Run one command; return the exit code."""
    documents = generated()
    if command == "check":
        problems = [f"out of date: contracts/{path}" for path in stale(documents)]
        problems += [f"breaks a released contract: {change}" for change in breaking_changes(documents)]
        sys.stdout.write("".join(f"{problem}\n" for problem in problems) or "contracts fit the code\n")
        return 1 if problems else 0
    for path in stale(documents):
        if path in documents:
            (HERE / path).parent.mkdir(parents=True, exist_ok=True)
            (HERE / path).write_text(text_of(documents[path]))
        else:
            (HERE / path).unlink()
        sys.stdout.write(f"wrote contracts/{path}\n")
    if command == "release":
        for folder in ("events", "openapi"):
            shutil.rmtree(HERE / "released" / folder, ignore_errors=True)
            (HERE / "released" / folder).mkdir(parents=True)
            for path in (HERE / folder).glob("*.json"):
                shutil.copy(path, HERE / "released" / folder / path.name)
        shutil.copy(HERE / "topics.yaml", HERE / "released" / "topics.yaml")
        (HERE / "released" / "accepted.yaml").write_text("{}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "write"))

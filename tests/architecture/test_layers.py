"""Inside a service every layer keeps to its job; each rule is shown to bite on a made-up offender."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("architecture_source", Path(__file__).with_name("source.py"))
assert _spec
assert _spec.loader
source = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(source)

FILES = source.sources(*source.SERVICES)
DOMAIN_FILES = [path for path in FILES if "domain" in source.layer_of(path)]
COMMITTING = {"commit", "rollback"}
TRANSACTIONS = {"transaction", "BEGIN", "COMMIT", "ROLLBACK"}
DOMAIN_WORDS = {
    "applicant", "approval", "catalog", "credit", "datashare", "disclosure", "guide", "intake", "item_code",
    "licence", "material", "permit", "proceeding", "workflow",
}  # fmt: skip


def strangers_in_domain(tree: ast.Module, package: str) -> list[str]:
    """Return what a domain module imports beside the standard library, `onestop_legal` and its own domain."""
    allowed = {*source.STANDARD_LIBRARY, "onestop_legal"}
    return [
        name
        for name in source.imports_of(tree)
        if name.partition(".")[0] not in allowed and not _is_own_domain(name, package)
    ]


def _is_own_domain(name: str, package: str) -> bool:
    return name.startswith(f"{package}.") and "domain" in name.split(".")


def commits(tree: ast.Module) -> Iterator[str]:
    """Yield the places where code ends a transaction by hand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in COMMITTING:
                yield f"line {node.lineno}: {name}()"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            word = node.value.strip().upper()
            if word in {"BEGIN", "COMMIT", "ROLLBACK"}:
                yield f"line {node.lineno}: {word}"


def domain_words(tree: ast.Module) -> set[str]:
    """Return the words of the field that a module uses as names."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    names |= {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    return {name for name in names if name.lower() in DOMAIN_WORDS}


def relative(path: Path) -> str:
    return str(path.relative_to(source.ROOT))


def test_there_is_a_domain_in_every_service():
    assert {relative(path).split("/")[0] for path in DOMAIN_FILES} == set(source.SERVICES)


@pytest.mark.parametrize("path", DOMAIN_FILES, ids=relative)
def test_domain_imports_only_the_standard_library_and_the_legal_kernel(path: Path):
    package = relative(path).split("/")[2]
    assert strangers_in_domain(source.tree_of(path), package) == []


@pytest.mark.parametrize(
    "offender", ["import pydantic", "from sqlalchemy import select", "from svc_intake.repository import load"]
)
def test_a_domain_that_imports_a_library_is_caught(offender: str):
    assert strangers_in_domain(ast.parse(offender), "svc_intake")


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_nobody_commits_by_hand(path: Path):
    assert list(commits(source.tree_of(path))) == []


@pytest.mark.parametrize(
    "offender", ["async def route(tx):\n    await tx.commit()", 'async def route(tx):\n    await tx.execute("COMMIT")']
)
def test_a_route_that_commits_is_caught(offender: str):
    assert list(commits(ast.parse(offender)))


@pytest.mark.parametrize("path", [p for p in FILES if "routes" in source.layer_of(p)], ids=relative)
def test_routes_know_no_events_and_no_sql(path: Path):
    roots = {name.partition(".")[0] for name in source.imports_of(source.tree_of(path))}
    assert not roots & {"onestop_messages", "sqlalchemy", "asyncpg", "aiokafka"}


@pytest.mark.parametrize("path", source.sources("contracts/runtime"), ids=relative)
def test_the_runtime_holds_no_word_of_the_field(path: Path):
    assert domain_words(source.tree_of(path)) == set()


def test_a_word_of_the_field_in_the_runtime_is_caught():
    assert domain_words(ast.parse("def publish(guide): ...")) == {"guide"}


@pytest.mark.parametrize("path", [*FILES, *source.sources("contracts/runtime", "deploy/local")], ids=relative)
def test_no_file_outgrows_a_reader(path: Path):
    assert len(path.read_text().splitlines()) <= 450  # about 400; split by noun before it gets there


def plain_clients(tree: ast.Module) -> list[str]:
    """Return where a Kafka client is made that is not told how the broker is reached, TLS and password included."""
    return [
        f"line {node.lineno}: {node.func.id}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("AIOKafka")
        if not any(keyword.arg is None and "connection(" in ast.unparse(keyword.value) for keyword in node.keywords)
    ]


def test_every_kafka_client_is_told_how_the_broker_is_reached():
    files = source.sources("contracts/runtime", "deploy/local", *source.SERVICES)
    found = {path.name: plain for path in files if (plain := plain_clients(source.tree_of(path)))}
    assert found == {}


def test_a_client_that_goes_without_is_found():
    assert plain_clients(ast.parse('AIOKafkaConsumer(bootstrap_servers="x")')) == ["line 1: AIOKafkaConsumer"]
    assert plain_clients(ast.parse("AIOKafkaConsumer(**kafka.connection(settings))")) == []

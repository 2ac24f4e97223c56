"""Reads the project's sources as syntax trees, for rules that no import graph shows."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = ("gateway", "svc-catalog", "svc-intake", "svc-workflow", "svc-datashare", "svc-credit")
STANDARD_LIBRARY = frozenset(sys.stdlib_module_names)


def sources(*folders: str) -> list[Path]:
    """Return the Python files below `<folder>/src`, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder / "src").rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(), str(path))


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Yield the full name of every module that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def layer_of(path: Path) -> set[str]:
    """Return the words by which a module is placed: its file's and its folders' names below the package."""
    parts = path.relative_to(ROOT).parts
    inside = parts[parts.index("src") + 2 :]
    return {part.removesuffix(".py") for part in inside}

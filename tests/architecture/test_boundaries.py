"""The boundaries between packages hold, and every contract that says so bites."""

import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.application.user_options import UserOptions
from importlinter.configuration import configure
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.domain.contract import Contract

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
KINDS: dict[str, type[Contract]] = {"forbidden": ForbiddenContract, "independence": IndependenceContract}

configure()


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        *SETTINGS["root_packages"], include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )


def contract_of(options: dict[str, Any]) -> Contract:
    session = UserOptions(session_options=SETTINGS, contracts_options=[]).session_options
    rest = {key: value for key, value in options.items() if key not in ("name", "type")}
    return KINDS[options["type"]](name=options["name"], session_options=session, contract_options=rest)


def violation_of(options: dict[str, Any]) -> tuple[str, str]:
    """Return the import that a contract exists to forbid: importer, imported."""
    if options["type"] == "independence":
        return options["modules"][0], options["modules"][1]
    return options["source_modules"][0], options["forbidden_modules"][-1]


CONTRACTS = pytest.mark.parametrize("options", SETTINGS["contracts"], ids=lambda options: options["name"])


@CONTRACTS
def test_the_contract_holds(graph: grimp.ImportGraph, options: dict[str, Any]):
    check = contract_of(options).check(graph=deepcopy(graph), verbose=False)
    assert check.kept, check.metadata


@CONTRACTS
def test_the_contract_bites(graph: grimp.ImportGraph, options: dict[str, Any]):
    broken = deepcopy(graph)
    importer, imported = violation_of(options)
    broken.add_import(importer=importer, imported=imported)
    assert not contract_of(options).check(graph=broken, verbose=False).kept

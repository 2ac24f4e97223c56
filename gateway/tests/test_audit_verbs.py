"""The audit trail speaks a closed list of verbs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import gateway
from gateway.audit_verbs import ROUTINE, Verb

SOURCE = Path(gateway.__file__).parent


def audit_calls() -> Iterator[tuple[str, ast.expr]]:
    """Yield where something is recorded, and the verb as it stands there."""
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "audit":
                yield f"{file.relative_to(SOURCE)}:{node.lineno}", node.args[0]


def test_what_is_recorded_is_exactly_the_list():
    calls = list(audit_calls())
    wrong = [place for place, verb in calls if not isinstance(verb, ast.Constant)]
    assert wrong == []
    assert {verb.value for _, verb in calls if isinstance(verb, ast.Constant)} == set(Verb)


def test_a_verb_is_a_noun_and_what_was_done_to_it_and_says_so_in_chinese():
    for verb in Verb:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*", verb)
        assert re.search("[一-鿿]", verb.label)
    assert set(Verb) > ROUTINE

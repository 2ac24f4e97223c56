"""Tokens are neither lost nor doubled, and a definition that could get stuck is refused."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestop_legal.errors import NamedError
from svc_workflow.bpmn import UnsupportedBpmn, read_bpmn
from svc_workflow.domain import engine
from svc_workflow.domain.definition import (
    Definition,
    Flow,
    Node,
    NodeKind,
    Outcome,
    TaskKind,
    UnsoundDefinition,
    from_data,
    to_data,
)
from svc_workflow.domain.engine import NoWayOn, Token
from svc_workflow.domain.expression import Expression, InvalidExpression

FOLDER = Path(__file__).parents[1] / "src" / "svc_workflow" / "definitions"
FOOD = read_bpmn((FOLDER / "food-business-licence.bpmn").read_bytes())
BPMN = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:onestop="https://onestop.cn/bpmn">{}</definitions>'
OUTCOMES = (Outcome("granted", "准予"), Outcome("denied", "不予"))


def walk(definition: Definition, *outcomes: str) -> list[str]:
    """Run a definition with one outcome per task and return the tasks in order."""
    step = engine.begin(definition, {})
    tokens, seen = list(step.created), [node.id for node in step.tasks]
    for outcome in outcomes:
        done = tokens[0]
        step = engine.advance(definition, tokens, done, {"outcome": outcome})
        for token in step.consumed:
            tokens.remove(token)
        tokens += step.created
        seen += [node.id for node in step.tasks]
    assert step.finished == (not tokens)
    return seen


def test_the_reviewer_may_ask_for_a_check_on_site():
    assert walk(FOOD, "on_site_check", "passed", "pass", "granted") == ["review", "site_check", "findings", "decide"]


def test_without_a_check_it_goes_straight_to_the_decision():
    assert walk(FOOD, "pass", "granted") == ["review", "decide"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.bpmn")), ids=lambda path: path.stem)
def test_every_definition_of_the_package_is_sound_and_survives_storage(path: Path):
    definition = read_bpmn(path.read_bytes())
    assert definition.key == path.stem
    assert to_data(from_data(to_data(definition))) == to_data(definition)


def task(name: str, kind: TaskKind = TaskKind.PLAIN) -> Node:
    return Node(name, NodeKind.TASK, name, "reviewer", kind, OUTCOMES)


def parallel(width: int) -> Definition:
    """Return a definition with `width` branches between a fork and a join."""
    nodes = [
        Node("start", NodeKind.START),
        Node("fork", NodeKind.PARALLEL),
        *(task(f"t{n}") for n in range(width)),
        Node("join", NodeKind.PARALLEL),
        task("decide", TaskKind.DECISION),
        Node("end", NodeKind.END),
    ]
    flows = [Flow("a", "start", "fork")]
    for n in range(width):
        flows += [Flow(f"in{n}", "fork", f"t{n}"), Flow(f"out{n}", f"t{n}", "join")]
    flows += [Flow("y", "join", "decide"), Flow("z", "decide", "end")]
    return Definition("parallel", "并联", {node.id: node for node in nodes}, tuple(flows))


@given(width=st.integers(1, 6), data=st.data())
def test_a_join_waits_for_every_branch_whatever_their_order(width: int, data: st.DataObject):
    definition = parallel(width)
    tokens = list(engine.begin(definition, {}).created)
    order = data.draw(st.permutations(list(tokens)))
    for place, done in enumerate(order):
        step = engine.advance(definition, tokens, done, {})
        for token in step.consumed:
            tokens.remove(token)
        tokens += step.created
        last = place == width - 1
        assert [node.id for node in step.tasks] == (["decide"] if last else [])
    assert tokens == [Token("decide", "y")]
    assert engine.advance(definition, tokens, tokens[0], {}).finished


def test_two_branches_that_come_to_a_join_in_one_step_go_on_once():
    nodes = [
        Node("start", NodeKind.START), Node("fork", NodeKind.PARALLEL), Node("join", NodeKind.PARALLEL),
        task("decide", TaskKind.DECISION), Node("end", NodeKind.END),
    ]  # fmt: skip
    flows = (
        Flow("a", "start", "fork"), Flow("b", "fork", "join"), Flow("c", "fork", "join"),
        Flow("d", "join", "decide"), Flow("e", "decide", "end"),
    )  # fmt: skip
    step = engine.begin(Definition("k", "n", {node.id: node for node in nodes}, flows), {})
    assert step.created == [Token("decide", "d")]


def test_a_circle_without_a_task_is_noticed():
    nodes = [Node("start", NodeKind.START), Node("x", NodeKind.EXCLUSIVE), Node("y", NodeKind.EXCLUSIVE),
             task("decide", TaskKind.DECISION), Node("end", NodeKind.END)]  # fmt: skip
    flows = (
        Flow("a", "start", "x"), Flow("b", "x", "y"), Flow("c", "y", "x", None, default=True),
        Flow("d", "y", "decide", Expression("never == true")), Flow("e", "decide", "end"),
    )  # fmt: skip
    with pytest.raises(NoWayOn):
        engine.begin(Definition("k", "n", {node.id: node for node in nodes}, flows), {})


def without(*dropped: str) -> Any:
    data = to_data(FOOD)
    return {**data, "flows": [flow for flow in data["flows"] if flow["id"] not in dropped]}


@pytest.mark.parametrize(
    "data",
    [
        without("f7"),
        without("f1"),
        without("f5"),
        without("f4"),
        {**to_data(FOOD), "nodes": [node for node in to_data(FOOD)["nodes"] if node["kind"] != "end"]},
        {**to_data(FOOD), "nodes": [{**node, "role": None} for node in to_data(FOOD)["nodes"]]},
        {**to_data(FOOD), "nodes": [{**node, "task": "plain"} for node in to_data(FOOD)["nodes"]]},
    ],
    ids=[
        "no way to the end",
        "no way from the start",
        "task without a way on",
        "no default",
        "no end",
        "no role",
        "no decision",
    ],
)
def test_a_definition_that_could_get_stuck_is_refused(data: dict[str, Any]):
    with pytest.raises(UnsoundDefinition):
        from_data(data)


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ("<process", "XML"),
        (BPMN.format(""), "没有流程"),
        (BPMN.format('<process id="p" name="n"><scriptTask id="s"/></process>'), "scriptTask"),
        (BPMN.format('<process id="p" name="n"><userTask id="t" onestop:task="magic"/></process>'), "magic"),
        (BPMN.format('<process id="p" name="n"><userTask id="t" onestop:outcomes="x"/></process>'), "值:文字"),
        ('<!DOCTYPE x [<!ENTITY e "boom">]>' + BPMN.format("&e;"), "DTD"),
    ],
)
def test_what_we_do_not_run_is_refused_by_name(document: str, named: str):
    with pytest.raises(UnsupportedBpmn, match=named):
        read_bpmn(document.encode())


@pytest.mark.parametrize(
    ("source", "values", "holds"),
    [
        ("outcome == 'pass'", {"outcome": "pass"}, True),
        ("outcome != 'pass'", {}, False),
        ("area > 50 and not canteen", {"area": 60, "canteen": False}, True),
        ("area >= 50 or canteen == true", {"area": 3, "canteen": True}, True),
        ("kind in ['sales', 'canteen']", {"kind": "canteen"}, True),
        ("(a == 1 or b == 2) and c == 3", {"a": 1, "c": 4}, False),
        ("area < 'x'", {"area": 3}, False),
    ],
)
def test_conditions_mean_what_they_say(source: str, values: dict[str, Any], holds: bool):  # noqa: FBT001
    assert Expression(source).holds(values) is holds


@pytest.mark.parametrize("source", ["", "a ==", "__import__('os')", "a == 1;", "a in b", "((a == 1)", "and"])
def test_a_condition_that_is_none_is_refused(source: str):
    with pytest.raises(InvalidExpression):
        Expression(source)


def test_errors_of_the_engine_document_themselves():
    assert all(issubclass(error, NamedError) and error.slug for error in (UnsoundDefinition, UnsupportedBpmn, NoWayOn))

"""The engine: a pure function from where the tokens are and what was done to where they go.

A token waits at a task, or at a joining parallel gateway until all its arrows have brought one. Nothing is kept in
memory between two steps; tokens are rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onestop_legal.errors import NamedError
from svc_workflow.domain.definition import Definition, Flow, Node, NodeKind

_MOST_MOVES = 1000


class NoWayOn(NamedError):
    """The definition runs in a circle without a task."""

    slug = "no-way-on"
    title = "流程定义无法继续"
    status = 409


@dataclass(frozen=True, slots=True)
class Token:
    """Where a proceeding stands: at a node, come over an arrow."""

    node: str
    via: str


@dataclass(slots=True)
class Step:
    """What a move changes.

    Attributes:
        consumed: tokens that are gone.
        created: tokens that wait now.
        tasks: the nodes among them at which somebody has to work.
        finished: no token is left.
    """

    consumed: list[Token] = field(default_factory=list)
    created: list[Token] = field(default_factory=list)
    tasks: list[Node] = field(default_factory=list)
    finished: bool = False


def begin(definition: Definition, values: Mapping[str, Any]) -> Step:
    """Return the first step of a new proceeding."""
    return _move(definition, (), definition.leaving(definition.start.id), values)


def advance(definition: Definition, tokens: Sequence[Token], done: Token, values: Mapping[str, Any]) -> Step:
    """Return the step that follows when the work at the token `done` is finished.

    Args:
        definition: how the proceeding runs.
        tokens: all tokens of the proceeding, `done` among them.
        done: the token at the finished task.
        values: what conditions look at: outcomes and public fields.
    """
    remaining = list(tokens)
    remaining.remove(done)
    step = _move(definition, remaining, definition.leaving(done.node), values)
    step.consumed.insert(0, done)
    return step


def _move(definition: Definition, tokens: Sequence[Token], flows: Sequence[Flow], values: Mapping[str, Any]) -> Step:
    step, waiting, queue = Step(), list(tokens), list(flows)
    for _ in range(_MOST_MOVES):
        if not queue:
            break
        flow = queue.pop(0)
        node = definition.nodes[flow.target]
        if node.kind is NodeKind.TASK:
            token = Token(node.id, flow.id)
            waiting.append(token)
            step.created.append(token)
            step.tasks.append(node)
        elif node.kind is NodeKind.EXCLUSIVE:
            queue.append(_choose(definition.leaving(node.id), values))
        elif node.kind is NodeKind.PARALLEL:
            queue += _join(definition, node, Token(node.id, flow.id), waiting, step)
    else:
        raise NoWayOn
    step.finished = not waiting
    return step


def _choose(flows: Sequence[Flow], values: Mapping[str, Any]) -> Flow:
    for flow in flows:
        if flow.condition and flow.condition.holds(values):
            return flow
    return next((flow for flow in flows if flow.default), flows[0])


def _join(definition: Definition, node: Node, arrived: Token, waiting: list[Token], step: Step) -> Sequence[Flow]:
    """Let `arrived` wait, or take one token per arrow away and go on."""
    entering = definition.entering(node.id)
    partners = []
    for flow in entering:
        if flow.id == arrived.via:
            continue
        partner = next((token for token in waiting if token == Token(node.id, flow.id)), None)
        if partner is None:
            waiting.append(arrived)
            step.created.append(arrived)
            return ()
        partners.append(partner)
    for partner in partners:
        waiting.remove(partner)
        if partner in step.created:
            step.created.remove(partner)
        else:
            step.consumed.append(partner)
    return definition.leaving(node.id)

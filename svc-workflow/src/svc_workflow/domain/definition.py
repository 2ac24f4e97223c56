"""流程定义: how a proceeding runs, as a graph; and what makes such a graph sound."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from onestop_legal.errors import NamedError
from svc_workflow.domain.expression import Expression


class UnsoundDefinition(NamedError):
    """A definition could get stuck, lose a task or never end."""

    slug = "unsound-definition"
    title = "流程定义不完整"
    status = 422


class DefinitionNotFound(NamedError):
    """There is no definition of this key."""

    slug = "definition-not-found"
    title = "没有这个流程定义"
    status = 404


class NodeKind(StrEnum):
    """What can stand in a definition; everything else of BPMN 2.0 is refused."""

    START = "start"
    END = "end"
    TASK = "task"
    EXCLUSIVE = "exclusive"
    PARALLEL = "parallel"


class TaskKind(StrEnum):
    """What a task is by law."""

    PLAIN = "plain"
    ON_SITE_CHECK = "on_site_check"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A way a task can end, with the word shown for it."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the graph; `role`, `outcomes` and `task` only where somebody works."""

    id: str
    kind: NodeKind
    title: str = ""
    role: str | None = None
    task: TaskKind = TaskKind.PLAIN
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """An arrow; `condition` only behind an exclusive gateway, where one arrow may be the default."""

    id: str
    source: str
    target: str
    condition: Expression | None = None
    default: bool = False


@dataclass(frozen=True)
class Definition:
    """A definition as imported; immutable, a change is a new version."""

    key: str
    name: str
    nodes: Mapping[str, Node]
    flows: tuple[Flow, ...]
    _leaving: dict[str, tuple[Flow, ...]] = field(init=False, repr=False, compare=False)
    _entering: dict[str, tuple[Flow, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the arrows and refuse a graph that is not sound."""
        leaving = {node: tuple(flow for flow in self.flows if flow.source == node) for node in self.nodes}
        entering = {node: tuple(flow for flow in self.flows if flow.target == node) for node in self.nodes}
        object.__setattr__(self, "_leaving", leaving)
        object.__setattr__(self, "_entering", entering)
        self._check()

    def leaving(self, node: str) -> tuple[Flow, ...]:
        """Return the arrows that leave `node`, in the order they were drawn."""
        return self._leaving[node]

    def entering(self, node: str) -> tuple[Flow, ...]:
        """Return the arrows that enter `node`."""
        return self._entering[node]

    @property
    def start(self) -> Node:
        """Where a proceeding begins."""
        return next(node for node in self.nodes.values() if node.kind is NodeKind.START)

    def _check(self) -> None:
        for flow in self.flows:
            if flow.source not in self.nodes or flow.target not in self.nodes:
                raise UnsoundDefinition(f"连线 {flow.id} 的起点或终点不存在。")
        if sum(node.kind is NodeKind.START for node in self.nodes.values()) != 1:
            raise UnsoundDefinition("流程应有且只有一个开始。")
        if not any(node.kind is NodeKind.END for node in self.nodes.values()):
            raise UnsoundDefinition("流程没有结束。")
        for node in self.nodes.values():
            self._check_node(node)
        self._check_reach()

    def _check_node(self, node: Node) -> None:
        leaving, entering = self._leaving[node.id], self._entering[node.id]
        if node.kind is NodeKind.START and (entering or len(leaving) != 1):
            raise UnsoundDefinition("开始应没有来路，只有一条去路。")
        if node.kind is NodeKind.END and (leaving or not entering):
            raise UnsoundDefinition(f"结束 {node.id} 应有来路，没有去路。")
        if node.kind is NodeKind.TASK:
            if len(leaving) != 1 or not entering:
                raise UnsoundDefinition(f"任务“{node.title or node.id}”应有来路，并且只有一条去路。")
            if not node.role or not node.outcomes or not node.title:
                raise UnsoundDefinition(f"任务 {node.id} 应写明名称、角色和结果。")
        if node.kind is NodeKind.EXCLUSIVE:
            self._check_choice(node, leaving)
        if node.kind in {NodeKind.EXCLUSIVE, NodeKind.PARALLEL} and (not leaving or not entering):
            raise UnsoundDefinition(f"网关 {node.id} 缺少来路或去路。")

    def _check_choice(self, node: Node, leaving: tuple[Flow, ...]) -> None:
        if len(leaving) == 1 and leaving[0].condition is None:
            return
        if sum(flow.default for flow in leaving) != 1:
            raise UnsoundDefinition(f"排他网关 {node.id} 应有且只有一条默认去路。")
        if any(flow.condition is None and not flow.default for flow in leaving):
            raise UnsoundDefinition(f"排他网关 {node.id} 的去路缺少条件。")

    def _check_reach(self) -> None:
        forward = self._reach(self.start.id, {n: [f.target for f in self._leaving[n]] for n in self.nodes})
        ends = [node.id for node in self.nodes.values() if node.kind is NodeKind.END]
        backward: set[str] = set()
        for end in ends:
            backward |= self._reach(end, {n: [f.source for f in self._entering[n]] for n in self.nodes})
        lost = sorted(set(self.nodes) - (forward & backward))
        if lost:
            raise UnsoundDefinition(f"从开始到不了，或到不了结束：{'、'.join(lost)}。")
        if not any(node.task is TaskKind.DECISION for node in self.nodes.values()):
            raise UnsoundDefinition("流程没有作出决定的任务。")

    @staticmethod
    def _reach(origin: str, neighbours: Mapping[str, list[str]]) -> set[str]:
        seen, waiting = {origin}, [origin]
        while waiting:
            for node in neighbours[waiting.pop()]:
                if node not in seen:
                    seen.add(node)
                    waiting.append(node)
        return seen


def to_data(definition: Definition) -> dict[str, Any]:
    """Return the definition as plain data, to be stored."""
    return {
        "key": definition.key,
        "name": definition.name,
        "nodes": [
            {
                "id": node.id,
                "kind": node.kind.value,
                "title": node.title,
                "role": node.role,
                "task": node.task.value,
                "outcomes": [[outcome.value, outcome.text] for outcome in node.outcomes],
            }
            for node in definition.nodes.values()
        ],
        "flows": [
            {
                "id": flow.id,
                "source": flow.source,
                "target": flow.target,
                "condition": flow.condition.source if flow.condition else None,
                "default": flow.default,
            }
            for flow in definition.flows
        ],
    }


def from_data(data: Mapping[str, Any]) -> Definition:
    """Return the definition stored as `data`; raises `UnsoundDefinition`."""
    nodes = [
        Node(
            node["id"],
            NodeKind(node["kind"]),
            node["title"],
            node["role"],
            TaskKind(node["task"]),
            tuple(Outcome(value, text) for value, text in node["outcomes"]),
        )
        for node in data["nodes"]
    ]
    flows = tuple(
        Flow(
            flow["id"],
            flow["source"],
            flow["target"],
            Expression(flow["condition"]) if flow["condition"] else None,
            flow["default"],
        )
        for flow in data["flows"]
    )
    return Definition(data["key"], data["name"], {node.id: node for node in nodes}, flows)

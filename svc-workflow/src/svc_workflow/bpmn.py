"""Import of definitions written in BPMN 2.0: a strict subset, everything else is refused by name and line.

Taken: one process with startEvent, endEvent, userTask, exclusiveGateway, parallelGateway and sequenceFlow (with
conditionExpression). Drawings are passed over. Our attributes (namespace `https://onestop.cn/bpmn`): `role`,
`task` (`plain`, `on_site_check`, `decision`) and `outcomes` (`value:text; value:text`) of a userTask.
"""

from io import BytesIO
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import create_parser

from onestop_legal.errors import NamedError
from svc_workflow.domain.definition import Definition, Flow, Node, NodeKind, Outcome, TaskKind
from svc_workflow.domain.expression import Expression

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
OURS = "https://onestop.cn/bpmn"
_NODES = {
    "startEvent": NodeKind.START,
    "endEvent": NodeKind.END,
    "userTask": NodeKind.TASK,
    "exclusiveGateway": NodeKind.EXCLUSIVE,
    "parallelGateway": NodeKind.PARALLEL,
}
_SILENT = {"definitions", "documentation", "extensionElements", "incoming", "outgoing", "conditionExpression"}


class UnsupportedBpmn(NamedError):
    """The document uses something of BPMN that we do not run, or is no BPMN."""

    slug = "unsupported-bpmn"
    title = "流程图含有不支持的内容"
    status = 422


Attributes = dict[tuple[str | None, str], str]


class _Reader(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.key = ""
        self.name = ""
        self.nodes: dict[str, Node] = {}
        self.flows: list[dict[str, str]] = []
        self.defaults: set[str] = set()
        self._foreign = 0
        self._text: list[str] | None = None

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: object) -> None:  # noqa: N802
        """Take an element of the subset; refuse any other of BPMN."""
        del qname
        space, local = name
        if self._foreign or space != BPMN:
            self._foreign += 1
            return
        given: Attributes = dict(attrs.items())  # type: ignore[attr-defined]
        if local in _NODES:
            self._take_node(_NODES[local], given)
        elif local == "sequenceFlow":
            self._take_flow(given)
        elif local == "process":
            self._take_process(given)
        elif local == "conditionExpression":
            self._text = []
        elif local not in _SILENT:
            self._refuse(f"不支持的元素 {local}")

    def characters(self, content: str) -> None:
        """Collect the text of a condition."""
        if self._text is not None and not self._foreign:
            self._text.append(content)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:  # noqa: N802
        """Close a condition or something foreign."""
        del qname
        if self._foreign:
            self._foreign -= 1
        elif name[1] == "conditionExpression" and self._text is not None:
            self.flows[-1]["condition"] = "".join(self._text).strip()
            self._text = None

    def _take_process(self, given: Attributes) -> None:
        if self.key:
            self._refuse("一个文件只能有一个流程")
        self.key = given.get((None, "id"), "")
        self.name = given.get((None, "name"), "")
        if not self.key or not self.name:
            self._refuse("流程应有 id 和 name")

    def _take_node(self, kind: NodeKind, given: Attributes) -> None:
        identifier = given.get((None, "id"), "")
        if not identifier or identifier in self.nodes:
            self._refuse("元素缺少 id，或 id 重复")
        if default := given.get((None, "default")):
            self.defaults.add(default)
        task = given.get((OURS, "task"), TaskKind.PLAIN.value)
        if task not in set(TaskKind):
            self._refuse(f"不支持的任务种类 {task}")
        self.nodes[identifier] = Node(
            identifier,
            kind,
            given.get((None, "name"), ""),
            given.get((OURS, "role")),
            TaskKind(task),
            self._outcomes(given.get((OURS, "outcomes"), "")),
        )

    def _outcomes(self, text: str) -> tuple[Outcome, ...]:
        outcomes = []
        for part in filter(None, (part.strip() for part in text.split(";"))):
            value, separator, label = part.partition(":")
            if not separator or not value.strip() or not label.strip():
                self._refuse(f"结果应写成“值:文字”，而不是 {part}")
            outcomes.append(Outcome(value.strip(), label.strip()))
        return tuple(outcomes)

    def _take_flow(self, given: Attributes) -> None:
        wanted = {name: given.get((None, attribute), "") for name, attribute in
                  (("id", "id"), ("source", "sourceRef"), ("target", "targetRef"))}  # fmt: skip
        if not all(wanted.values()):
            self._refuse("连线缺少 id、sourceRef 或 targetRef")
        self.flows.append(wanted)

    def _refuse(self, what: str) -> None:
        line = self._locator.getLineNumber() if getattr(self, "_locator", None) else 0  # type: ignore[attr-defined]
        raise UnsupportedBpmn(f"第 {line} 行：{what}。")


def read_bpmn(document: bytes) -> Definition:
    """Return the definition that a BPMN 2.0 document describes.

    Raises:
        UnsupportedBpmn: for no XML, dangerous XML, or an element outside the subset; names the line.
        InvalidExpression: for a condition that cannot be understood.
        UnsoundDefinition: for a graph that could get stuck.
    """
    reader = _Reader()
    parser = create_parser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(reader)
    try:
        parser.parse(BytesIO(document))
    except SAXParseException as error:
        raise UnsupportedBpmn(f"第 {error.getLineNumber()} 行：不是有效的 XML。") from error
    except DefusedXmlException as error:
        raise UnsupportedBpmn("文件含有 DTD 或外部实体，不予接受。") from error
    if not reader.key:
        raise UnsupportedBpmn("文件中没有流程。")
    flows = tuple(
        Flow(
            flow["id"],
            flow["source"],
            flow["target"],
            Expression(flow["condition"]) if flow.get("condition") else None,
            flow["id"] in reader.defaults,
        )
        for flow in reader.flows
    )
    return Definition(reader.key, reader.name, reader.nodes, flows)

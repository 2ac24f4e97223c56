"""完整性: what a guide must say before it is published, each rule with its source."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from onestop_legal.codes import ItemType
from svc_catalog.domain.vague import Finding, vague_clauses

_LICENSING = "《中华人民共和国行政许可法》"
_ENVIRONMENT = "《优化营商环境条例》"
_GUIDES = "办事指南规范"
_FEWEST_OPTIONS = 2
_PERSONAL = re.compile("姓名|身份号码|身份证|电话|手机|账号|住址|法定代表人")


def findings(guide: Mapping[str, Any]) -> list[Finding]:
    """Return all that the quality gate finds in a guide, errors first."""
    rules = (vague_clauses, _identity, _bases, _limits, _fees, _materials, _questions, _fields, _trips)
    found = [finding for rule in rules for finding in rule(guide)]
    return sorted(found, key=lambda finding: (finding.severity != "error", finding.pointer))


def blocks(found: list[Finding]) -> bool:
    """Tell whether a finding stands in the way of publication."""
    return any(finding.severity == "error" for finding in found)


def _error(pointer: str, code: str, explanation: str, source: str) -> Finding:
    return Finding(pointer, code, "error", explanation, source)


def _identity(guide: Mapping[str, Any]) -> Iterator[Finding]:
    source = "GB/T 39046-2020"
    if guide["item_type"] not in set(ItemType):
        yield _error("/item_type", "unknown-type", "不是国家标准的事项类型代码。", source)
    if guide["code"] != f"{guide['agency']['code']}{guide['level']}{guide['base_code']}":
        yield _error("/code", "code-does-not-fit", "实施编码应由部门代码、行使层级和基本编码组成。", source)
    if guide.get("valid_to") is not None and guide["valid_to"] < guide["valid_from"]:
        yield _error("/valid_to", "ends-before-it-begins", "有效期的终止日期早于开始日期。", _GUIDES)
    if not guide.get("served"):
        yield _error("/served", "nobody-served", "应写明服务对象。", _GUIDES)
    if not guide.get("places") and "1" in guide.get("channels", ()):
        yield _error("/places", "no-place", "窗口办理的事项应写明办理地点和时间。", _GUIDES)
    for name, missing in (("contact", "咨询电话"), ("supervision", "监督电话")):
        if not guide.get(name):
            yield _error(f"/{name}", "no-line", f"应公布{missing}。", _GUIDES)


def _bases(guide: Mapping[str, Any]) -> Iterator[Finding]:
    if not guide.get("basis"):
        yield _error("/basis", "no-legal-basis", "没有设定依据，不得办理。", f"{_ENVIRONMENT}第三十五条")
    for number, condition in enumerate(guide.get("conditions", ())):
        if not condition.get("basis"):
            yield _error(
                f"/conditions/{number}/basis", "condition-without-basis", "条件没有依据。", f"{_ENVIRONMENT}第三十五条"
            )
    for number, material in enumerate(guide.get("materials", ())):
        if not material.get("basis"):
            yield _error(
                f"/materials/{number}/basis",
                "material-without-basis",
                "材料没有依据。",
                f"{_LICENSING}第三十条、第三十一条",
            )


def _limits(guide: Mapping[str, Any]) -> Iterator[Finding]:
    limits = guide["limits"]
    for name in ("statutory_days", "promised_days", "extension_days", "acceptance_days", "delivery_days"):
        if limits[name] < 0:
            yield _error(f"/limits/{name}", "negative-limit", "期限不能为负数。", _GUIDES)
    if limits["promised_days"] > limits["statutory_days"]:
        yield _error(
            "/limits/promised_days", "promise-beyond-law", "承诺期限不能长于法定期限。", f"{_ENVIRONMENT}第三十六条"
        )
    if limits["extension_days"] and not limits.get("extension_basis"):
        yield _error(
            "/limits/extension_basis", "extension-without-basis", "延长期限没有依据。", f"{_LICENSING}第四十二条"
        )
    by_default = guide["item_type"] == "01" and limits["statutory_unit"] == "working_day"
    if by_default and limits["statutory_days"] > 20 and f"{_LICENSING}第四十二条" == limits["statutory_basis"]:  # noqa: PLR2004
        yield _error(
            "/limits/statutory_days",
            "limit-beyond-law",
            "超过二十个工作日，应有专门法律依据。",
            f"{_LICENSING}第四十二条",
        )


def _fees(guide: Mapping[str, Any]) -> Iterator[Finding]:
    fee = guide["fee"]
    if fee["charged"] and not (fee.get("basis") and fee.get("standard")):
        yield _error("/fee/basis", "fee-without-basis", "收费应写明依据和标准。", f"{_LICENSING}第五十八条")


def _materials(guide: Mapping[str, Any]) -> Iterator[Finding]:
    materials = guide.get("materials", ())
    for name in ("code", "name"):
        counted = Counter(material[name] for material in materials)
        for number, material in enumerate(materials):
            if counted[material[name]] > 1:
                yield _error(f"/materials/{number}/{name}", "material-twice", "同一材料列出了两次。", _GUIDES)
    for number, material in enumerate(materials):
        if material["max_bytes"] <= 0 or not material["media_types"]:
            yield _error(f"/materials/{number}", "no-file-possible", "应写明可接收的文件类型和大小。", _GUIDES)


def _questions(guide: Mapping[str, Any]) -> Iterator[Finding]:
    known = {one["id"]: {option["value"] for option in one["options"]} for one in guide.get("questions", ())}
    asked = {question for material in guide.get("materials", ()) for question in material.get("when") or {}}
    for number, question in enumerate(guide.get("questions", ())):
        if len(known[question["id"]]) < _FEWEST_OPTIONS:
            yield _error(f"/questions/{number}/options", "no-choice", "问题至少应有两个选项。", _GUIDES)
        if question["id"] not in asked:
            yield Finding(
                f"/questions/{number}", "question-without-effect", "warning", "回答不影响所需材料，可不提问。", _GUIDES
            )
    for number, material in enumerate(guide.get("materials", ())):
        for question, answers in (material.get("when") or {}).items():
            if not set(answers) <= known.get(question, set()):
                yield _error(
                    f"/materials/{number}/when/{question}", "unknown-answer", "引用了不存在的问题或选项。", _GUIDES
                )


def _fields(guide: Mapping[str, Any]) -> Iterator[Finding]:
    properties = guide["form"].get("properties", {})
    for name in guide.get("public_fields", ()):
        if name not in properties:
            yield _error("/public_fields", "unknown-field", f"公开字段 {name} 不在申请表中。", _GUIDES)
        elif _is_marked_personal(properties[name]):
            yield _error(
                "/public_fields", "personal-field", f"{name} 是个人信息，不能公开。", "《个人信息保护法》第二十五条"
            )
    for name, field in properties.items():
        if _looks_personal(field) and not _is_marked_personal(field):
            yield Finding(
                f"/form/properties/{name}",
                "unmarked-personal-field",
                "warning",
                "像是个人信息，请以 format（identity-number、phone）或 x-sensitive 标明，办理人员看到的即为脱敏内容。",
                "《个人信息保护法》第五十一条",
            )
    for name in guide["form"].get("required", ()):
        if name not in properties:
            yield _error("/form/required", "unknown-field", f"必填字段 {name} 不在申请表中。", _GUIDES)
    if guide["form"].get("additionalProperties") is not False:
        yield _error("/form/additionalProperties", "open-form", "申请表不能接受未列明的字段。", _GUIDES)


def _looks_personal(field: Any) -> bool:
    return isinstance(field, Mapping) and bool(_PERSONAL.search(str(field.get("title", ""))))


def _is_marked_personal(field: Any) -> bool:
    return isinstance(field, Mapping) and (
        field.get("format") in {"identity-number", "phone"} or field.get("x-sensitive") is True
    )


def _trips(guide: Mapping[str, Any]) -> Iterator[Finding]:
    if guide["trips"] > 1 and not guide.get("trips_reason"):
        yield Finding("/trips_reason", "trips-without-reason", "warning", "超过一次到场应说明原因。", "最多跑一次改革")

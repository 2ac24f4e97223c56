"""完整性: what a guide must say before it is published, each rule with its source."""

from collections.abc import Iterator, Mapping
from typing import Any

from svc_catalog.domain.vague import Finding, vague_clauses

_LICENSING = "《中华人民共和国行政许可法》"
_ENVIRONMENT = "《优化营商环境条例》"


def findings(guide: Mapping[str, Any]) -> list[Finding]:
    """Return all that the quality gate finds in a guide, errors first."""
    found = [*vague_clauses(guide), *_bases(guide), *_limits(guide), *_fees(guide), *_questions(guide), *_fields(guide)]
    return sorted(found, key=lambda finding: (finding.severity != "error", finding.pointer))


def blocks(found: list[Finding]) -> bool:
    """Tell whether a finding stands in the way of publication."""
    return any(finding.severity == "error" for finding in found)


def _error(pointer: str, code: str, explanation: str, source: str) -> Finding:
    return Finding(pointer, code, "error", explanation, source)


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


def _questions(guide: Mapping[str, Any]) -> Iterator[Finding]:
    known = {
        question["id"]: {option["value"] for option in question["options"]} for question in guide.get("questions", ())
    }
    for number, material in enumerate(guide.get("materials", ())):
        for question, answers in (material.get("when") or {}).items():
            if not set(answers) <= known.get(question, set()):
                yield _error(
                    f"/materials/{number}/when/{question}",
                    "unknown-answer",
                    "引用了不存在的问题或选项。",
                    "办事指南规范",
                )


def _fields(guide: Mapping[str, Any]) -> Iterator[Finding]:
    properties = guide["form"].get("properties", {})
    for name in guide.get("public_fields", ()):
        if name not in properties:
            yield _error("/public_fields", "unknown-field", f"公开字段 {name} 不在申请表中。", "办事指南规范")
        elif properties[name].get("format") in {"identity-number", "phone"}:
            yield _error(
                "/public_fields", "personal-field", f"{name} 是个人信息，不能公开。", "《个人信息保护法》第二十五条"
            )
    if not guide.get("trips_reason") and guide["trips"] > 1:
        yield Finding("/trips_reason", "trips-without-reason", "warning", "超过一次到场应说明原因。", "最多跑一次改革")

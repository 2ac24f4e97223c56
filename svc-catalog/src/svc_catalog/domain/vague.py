"""模糊条款: clauses that leave open what is asked for; they block publication (R16).

Source: 国务院办公厅关于印发进一步深化“互联网+政务服务”推进政务服务“一网、一门、一次”改革实施方案的通知
（国办发〔2018〕45号）: 全面清理“其他材料”“有关材料”等兜底条款. The name of an item may contain 其他.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SOURCE = "国办发〔2018〕45号：清理“其他材料”“有关材料”等模糊条款"
_OPEN = re.compile(
    r"(其他|其它|有关|相关|必要的?|所需的?)(证明)?(材料|文件|资料|手续|证件|条件|要求)"
    r"|(等|等有关|等相关)(证明)?(材料|文件|资料|证件)"
    r"|(认为|规定)(的)?(应当|需要|需)(提交|提供)(的)?(其他|其它)"
)
_COPIES = re.compile(r"复印件")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the quality gate found.

    Attributes:
        pointer: JSON pointer into the guide.
        severity: `error` blocks publication, `warning` does not.
        explanation: Chinese, what is wrong and what to do.
        source: which rule asks for it.
    """

    pointer: str
    code: str
    severity: str
    explanation: str
    source: str


def vague_clauses(guide: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield every vague clause in the materials and conditions of a guide."""
    for number, material in enumerate(guide.get("materials", ())):
        for part in ("name", "note"):
            yield from _look(material.get(part), f"/materials/{number}/{part}", "材料")
    for number, condition in enumerate(guide.get("conditions", ())):
        yield from _look(condition.get("text"), f"/conditions/{number}/text", "条件")


def _look(text: str | None, pointer: str, kind: str) -> Iterator[Finding]:
    if not text:
        return
    if found := _OPEN.search(text):
        yield Finding(
            pointer,
            "vague-clause",
            "error",
            f"{kind}含有模糊表述“{found.group()}”，请逐项写明。",
            SOURCE,
        )
    if kind == "材料" and _COPIES.search(text):
        yield Finding(
            pointer,
            "copy-asked",
            "error",
            "一律不得要求提供复印件，请改为通过共享、复用或扫描取得。",
            "秦开管委办〔2019〕5号第17条",
        )

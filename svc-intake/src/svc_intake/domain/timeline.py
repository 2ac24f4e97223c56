"""The timeline 办理进度: what happened to a case, in words for the applicant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onestop_legal.codes import CodeList


class Happening(CodeList):
    """What can happen to a case, here and in the office."""

    OPENED = "opened", "填写申请"
    EVIDENCE_OBTAINED = "evidence-obtained", "共享核验完成"
    SUBMITTED = "submitted", "已收件"
    CORRECTED_ON_THE_SPOT = "corrected-on-the-spot", "已当场更正"
    CORRECTIONS_NAMED = "corrections-named", "一次性告知补正"
    CORRECTED = "corrected", "已提交补正"
    ACCEPTED = "accepted", "已受理"
    ACCEPTED_BY_SILENCE = "accepted-by-silence", "逾期未告知，视为受理"
    REFUSED = "refused", "不予受理"
    WITHDRAWN = "withdrawn", "已撤回"
    STARTED = "started", "进入审批"
    PROGRESSED = "progressed", "办理环节完成"
    CLOCK_STOPPED = "clock-stopped", "进入特别程序，暂停计时"
    CLOCK_RESUMED = "clock-resumed", "特别程序结束，恢复计时"
    CLOCK_EXTENDED = "clock-extended", "办理期限经批准延长"
    CLOCK_RECOUNTED = "clock-recounted", "放假安排有变，期限重新计算"
    DECIDED = "decided", "已作出决定"
    LICENCE_ISSUED = "licence-issued", "证照已签发"
    LICENCE_ENDED = "licence-ended", "证照效力终止"
    DELIVERED = "delivered", "已送达"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline.

    Attributes:
        title: what happened.
        text: the sentence that tells more; no personal data.
        detail: the facts behind it, for programs.
    """

    at: datetime
    happening: Happening
    title: str
    text: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def entry(happening: Happening, at: datetime, text: str = "", **detail: Any) -> Entry:
    """Return a line under the usual title of what happened."""
    return Entry(at, happening, happening.label, text, detail)

"""What the window and the office send."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from onestop_runtime.examples import example
from svc_intake.domain.correction import Correction
from svc_intake.domain.refusal import RefusalKind
from svc_intake.schemas.common import CASE_ID, Code, Form, Text, form_example


class NamedCorrection(Form):
    """需要补正的一处：一份材料或一个字段."""

    material_code: Code | None = None
    field: Code | None = None
    reason: Text = Field(description="哪里不符合、应当怎样补正")


class NameCorrections(Form):
    """一次性告知全部补正内容."""

    model_config = form_example(items=[{"material_code": "M01", "reason": "申请书缺少法定代表人签字"}])

    items: list[NamedCorrection] = Field(min_length=1, max_length=100)

    def corrections(self) -> tuple[Correction, ...]:
        """Return the places."""
        return tuple(Correction(one.reason, one.material_code, one.field) for one in self.items)


class Refuse(Form):
    """不予受理."""

    model_config = form_example(
        kind="not-this-organ",
        reason="您申请的经营场所位于海港区，不属于本区管辖。",
        right_organ="秦皇岛市海港区行政审批局",
        remedy="可以通过省政务服务网向该局提出申请。",
    )

    kind: RefusalKind = Field(description="；".join(f"{kind.value} {kind.label}" for kind in RefusalKind))
    reason: Text = Field(description="理由")
    right_organ: Text | None = Field(default=None, description="应当向其申请的行政机关；不属于本机关职权时必填")
    remedy: Text | None = Field(default=None, description="给申请人的建议；复议和诉讼的途径由系统写明")


class CorrectOnTheSpot(Form):
    """当场更正申请表."""

    model_config = form_example(fields={"business_scope": "预包装食品销售、散装食品销售"})

    fields: dict[str, Any] = Field(min_length=1, max_length=100)


class Unmask(Form):
    """查看未脱敏的申请表."""

    model_config = form_example(purpose="核对法定代表人身份证明原件")

    purpose: Text = Field(description="目的，会留在审计记录中")


class UnmaskedForm(BaseModel):
    """申请表全文."""

    model_config = example(case_id=CASE_ID, form={"business_scope": "预包装食品销售"})

    case_id: str
    form: dict[str, Any]


class Deliver(Form):
    """送达."""

    model_config = form_example(means="online")

    means: Literal["online", "window", "express"] = Field(
        description="online 网上查收，window 窗口领取，express 邮寄签收"
    )

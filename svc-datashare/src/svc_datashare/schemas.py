"""Values that several nouns show."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from onestop_legal.errors import FieldError, FieldErrors
from svc_datashare.resources.domain.resource import Agency

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
ResourceCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{2,39}$")]


class Form(BaseModel):
    """What a caller sends; fields we do not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AgencyView(BaseModel):
    """部门."""

    code: str = Field(description="统一社会信用代码", examples=["11130371037106669W"])
    name: str = Field(examples=["秦皇岛经济技术开发区市场监督管理局"])

    @classmethod
    def of(cls, agency: Agency) -> "AgencyView":
        """Return the view of an agency."""
        return cls(code=agency.code, name=agency.name)


class Reason(Form):
    """A reason that is told to the other side."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "机构改革，该数据改由上级部门统一提供"}]})

    reason: LongText = Field(description="理由，会告知对方")


class Review(Form):
    """审核意见: approved, or refused with the reason."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"approved": True}, {"approved": False, "reason": "请写明共享条件的依据"}]}
    )

    approved: bool = Field(description="是否同意")
    reason: LongText | None = Field(default=None, description="不同意时必填")

    def refusal(self) -> str | None:
        """Return why the review says no, None when it says yes; raises `FieldErrors` for a no without a reason."""
        if self.approved:
            return None
        if not self.reason:
            raise FieldErrors([FieldError("/reason", "required", "不同意时应写明理由")])
        return self.reason

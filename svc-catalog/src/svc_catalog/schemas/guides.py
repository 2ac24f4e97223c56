"""Guides and their versions as they are written, checked and read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from onestop_messages.catalog import Guide
from onestop_runtime.examples import example
from svc_catalog.domain.canonical import content_hash
from svc_catalog.domain.guide_version import GuideVersion
from svc_catalog.domain.vague import SOURCE, Finding
from svc_catalog.service.shape import shaped

VERSION_ID = "018f3b1c-7e4a-7c21-9a55-000000000032"
GUIDE_EXAMPLE: dict[str, Any] = {
    "code": "11130371037100371Q4000101001000",
    "name": "食品（含保健食品）经营许可核发",
    "item_type": "01",
    "base_code": "000101001000",
    "agency": {"code": "11130371037100371Q", "name": "秦皇岛经济技术开发区行政审批局"},
    "region": "130371",
    "level": "4",
    "body": "1",
    "origin": "1",
    "served": ["2"],
    "channels": ["1", "2", "3"],
    "case_kind": "2",
    "basis": [
        {"law": "《中华人民共和国食品安全法》", "article": "第三十五条", "text": "国家对食品生产经营实行许可制度。"},
    ],
    "conditions": [
        {"id": "C01", "text": "具有与经营的食品品种、数量相适应的经营设备或者设施",
         "basis": "《食品经营许可和备案管理办法》第十二条"},
    ],
    "materials": [
        {"code": "M01", "name": "食品经营许可申请书", "need": "1", "source": "10", "form": "electronic",
         "media_types": ["application/pdf"], "max_bytes": 20971520,
         "basis": "《食品经营许可和备案管理办法》第十五条"},
        {"code": "M02", "name": "营业执照", "need": "1", "source": "20", "form": "electronic",
         "media_types": ["application/pdf"], "max_bytes": 20971520,
         "basis": "《食品经营许可和备案管理办法》第十五条",
         "shared_by": "FR-YYZZ-001", "note": "由数据共享核验，无需提交"},
        {"code": "M06", "name": "餐饮加工操作流程图", "need": "1", "source": "10", "form": "electronic",
         "media_types": ["application/pdf", "image/jpeg", "image/png"], "max_bytes": 20971520,
         "basis": "《食品经营许可和备案管理办法》第十五条",
         "when": {"business_type": ["catering", "canteen"]}},
    ],
    "questions": [
        {"id": "business_type", "text": "主体业态是哪一种？", "options": [
            {"value": "sales", "text": "食品销售经营者"},
            {"value": "catering", "text": "餐饮服务经营者"},
            {"value": "canteen", "text": "单位食堂"},
        ]},
    ],
    "limits": {
        "statutory_days": 10, "statutory_unit": "working_day",
        "statutory_basis": "《食品经营许可和备案管理办法》第二十一条",
        "promised_days": 6,
        "extension_days": 5, "extension_basis": "《食品经营许可和备案管理办法》第二十一条",
        "acceptance_days": 5, "acceptance_basis": "《中华人民共和国行政许可法》第三十二条", "silence": "accepted",
        "delivery_days": 5, "delivery_basis": "《食品经营许可和备案管理办法》第二十二条",
    },
    "flow": [
        {"step": "受理", "role": "window_clerk", "days": 1},
        {"step": "审查", "role": "reviewer", "days": 3},
        {"step": "决定", "role": "approver", "days": 2},
    ],
    "fee": {"charged": False, "basis": "《中华人民共和国行政许可法》第五十八条"},
    "places": [
        {"hall": "130371-H01", "window": "综合受理 1–6 号窗口",
         "address": "秦皇岛经济技术开发区政务服务中心综合大厅", "hours": "工作日 8:30–12:00，13:30–17:30"},
    ],
    "contact": "0335-0000101",
    "supervision": "0335-0000199",
    "trips": 0,
    "online_depth": "4",
    "one_window": True,
    "hall_presence": True,
    "appointment": True,
    "delivery": True,
    "terminal": False,
    "scope": "全区通办",
    "result": {"kind": "licence", "name": "食品经营许可证", "licence_type": "11100000000013338W032",
               "valid_years": 5, "number_prefix": "JY"},
    "obligations": ["certificate", "disclosure", "notice"],
    "form": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "business_name": {"type": "string", "title": "经营者名称", "minLength": 2, "maxLength": 200},
            "credit_code": {"type": "string", "title": "统一社会信用代码", "format": "credit-code"},
            "business_scope": {"type": "string", "title": "经营项目", "minLength": 2, "maxLength": 500},
        },
        "required": ["business_name", "credit_code", "business_scope"],
    },
    "public_fields": ["business_scope"],
    "procedure": "food-business-licence",
    "themes": {"persons": [], "firms": ["食品药品"]},
    "synonyms": ["开饭店", "食品经营"],
    "valid_from": "2026-01-01",
}  # fmt: skip
_CONTENT_HASH = content_hash(shaped(GUIDE_EXAMPLE))


class GuideForm(BaseModel):
    """A guide 办事指南, whole; its shape is the published one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"guide": GUIDE_EXAMPLE}]})

    guide: dict[str, Any] = Field(description="办事指南全文，结构与发布的指南相同")

    def checked(self) -> dict[str, Any]:
        """Return the guide in the published shape; raises `FieldErrors` naming every wrong field."""
        return shaped(self.guide)


class FindingView(BaseModel):
    """A finding of the quality gate 质量检查发现的问题."""

    pointer: str
    code: str
    severity: str
    explanation: str
    source: str

    @classmethod
    def of(cls, finding: Finding) -> "FindingView":
        """Return the view of a finding."""
        return cls.model_validate(finding, from_attributes=True)


class GuideVersionView(BaseModel):
    """A version of a guide 办事指南版本."""

    model_config = example(
        id=VERSION_ID,
        code=GUIDE_EXAMPLE["code"],
        state="published",
        number=1,
        content_hash=_CONTENT_HASH,
        guide=GUIDE_EXAMPLE,
        reason=None,
        version=4,
    )

    id: UUID
    code: str
    state: str
    number: int
    content_hash: str
    guide: dict[str, Any]
    reason: str | None
    version: int

    @classmethod
    def of(cls, version: GuideVersion) -> "GuideVersionView":
        """Return the view of a version."""
        return cls(
            id=version.id,
            code=version.code,
            state=version.state.value,
            number=version.number,
            content_hash=version.content_hash,
            guide=dict(version.guide),
            reason=version.reason,
            version=version.version,
        )


class CheckView(BaseModel):
    """What the quality gate found 质量检查结果."""

    model_config = example(
        id=VERSION_ID,
        state="draft",
        findings=[
            {
                "pointer": "/materials/2/name",
                "code": "vague-clause",
                "severity": "error",
                "explanation": "材料含有模糊表述“其他材料”，请逐项写明。",
                "source": SOURCE,
            }
        ],
        version=1,
    )

    id: UUID
    state: str
    findings: list[FindingView]
    version: int


class ReasonForm(BaseModel):
    """Why 理由."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "依据修订，暂停受理"}]})

    reason: str = Field(min_length=2, max_length=500)


class PublishedVersionView(BaseModel):
    """A published version in an item's history 已发布版本."""

    model_config = example(
        id=VERSION_ID,
        number=1,
        state="published",
        content_hash=_CONTENT_HASH,
        published_at="2026-01-01T00:00:00Z",
        ended_at=None,
    )

    id: UUID
    number: int
    state: str
    content_hash: str
    published_at: datetime
    ended_at: datetime | None = Field(description="被取代或取消的时间；为空表示现行")


class ItemView(BaseModel):
    """An item as search shows it 事项."""

    model_config = example(
        code=GUIDE_EXAMPLE["code"],
        name=GUIDE_EXAMPLE["name"],
        agency_code=GUIDE_EXAMPLE["agency"]["code"],
        agency_name=GUIDE_EXAMPLE["agency"]["name"],
        item_type="01",
        promised_days=6,
        trips=0,
        version=1,
    )

    code: str
    name: str
    agency_code: str
    agency_name: str
    item_type: str
    promised_days: int
    trips: int
    version: int = Field(description="现行办事指南的版本号")

    @classmethod
    def of(cls, row: Any) -> "ItemView":
        """Return the view of an item's row."""
        names = cls.model_fields.keys() - {"version"}
        return cls(**{name: row[name] for name in names}, version=row["numbers"])


class PublishedGuideView(BaseModel):
    """The guide in force 现行办事指南."""

    model_config = example(
        guide=GUIDE_EXAMPLE,
        guide_version_id=VERSION_ID,
        version_number=1,
        content_hash=_CONTENT_HASH,
        published_at="2026-01-01T00:00:00Z",
    )

    guide: Guide
    guide_version_id: UUID
    version_number: int
    content_hash: str
    published_at: datetime

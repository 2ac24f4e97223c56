"""Materials of an application as they are shown."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from onestop_legal.codes import MaterialNeed
from svc_intake.domain.material import Ask, HandedIn

_ASKED = {
    "need": "1",
    "need_name": "必要",
    "form": "electronic",
    "media_types": ["application/pdf"],
    "max_bytes": 20971520,
    "covered_by_sharing": False,
}
MISSING = _ASKED | {"code": "M01", "name": "食品经营许可申请书", "state": "missing"}
HANDED_IN = MISSING | {
    "state": "handed_in",
    "file_name": "食品经营许可申请书.pdf",
    "media_type": "application/pdf",
    "size": 125,
    "sha256": "79370862c6cb54e96ed3125464c11e4ce3e8b08fb5048723695b6b9e9728d701",
    "at": "2026-03-09T01:55:00Z",
}
PROVED = _ASKED | {
    "code": "M02",
    "name": "营业执照",
    "note": "由数据共享核验，无需提交",
    "shared_by": "FR-YYZZ-001",
    "covered_by_sharing": True,
    "state": "proved",
    "at": "2026-03-09T01:50:00Z",
}


class MaterialView(BaseModel):
    """申请材料，以及提交情况."""

    code: str = Field(examples=["M02"])
    name: str = Field(examples=["营业执照"])
    need: str = Field(description="1 必要，2 非必要，3 容缺后补", examples=["1"])
    need_name: str = Field(examples=["必要"])
    form: str = Field(description="electronic 电子，original 原件", examples=["electronic"])
    media_types: tuple[str, ...] = Field(examples=[["application/pdf"]])
    max_bytes: int = Field(examples=[20971520])
    note: str | None = None
    shared_by: str | None = Field(default=None, description="可核验该材料的共享数据资源", examples=["FR-YYZZ-001"])
    covered_by_sharing: bool = Field(description="可由数据共享核验，申请人无需提交", examples=[True])
    state: Literal["missing", "handed_in", "proved"] = Field(
        description="proved：已由共享数据核验", examples=["proved"]
    )
    file_name: str | None = None
    media_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    at: datetime | None = None

    @classmethod
    def of(cls, ask: Ask, given: HandedIn | None, *, company: bool) -> "MaterialView":
        """Return the view of an asked material and what was handed in for it."""
        state: Literal["missing", "handed_in", "proved"] = "missing"
        if given:
            state = "handed_in" if given.via == "upload" else "proved"
        return cls(
            code=ask.code,
            name=ask.name,
            need=ask.need,
            need_name=MaterialNeed(ask.need).label,
            form=ask.form,
            media_types=ask.media_types,
            max_bytes=ask.max_bytes,
            note=ask.note,
            shared_by=ask.shared_by,
            covered_by_sharing=ask.shared_by is not None and company,
            state=state,
            file_name=given.file_name if given else None,
            media_type=given.media_type if given else None,
            size=given.size if given else None,
            sha256=given.sha256 if given else None,
            at=given.at if given else None,
        )

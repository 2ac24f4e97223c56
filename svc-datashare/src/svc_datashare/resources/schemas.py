"""What is sent and shown of resources."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from svc_datashare.resources.domain.metadata import (
    Classification,
    DataItem,
    DataType,
    Masking,
    Means,
    Node,
    Openness,
    ShareType,
    UpdateCycle,
)
from svc_datashare.resources.domain.resource import Metadata, Resource, ResourceState
from svc_datashare.schemas import AgencyView, Form, Key, LongText, ResourceCode, Text

_Element = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9.-]{1,39}$")]
_Digits = Annotated[str, StringConstraints(min_length=1, max_length=12)]

METADATA_EXAMPLE: dict[str, Any] = {
    "name": "食品经营许可信息",
    "classification": {
        "kind": {"code": "3", "name": "部门信息资源"},
        "group": {"code": "07", "name": "市场监督管理"},
        "category": {"code": "002", "name": "食品安全监管"},
        "detail": {"code": "01", "name": "经营许可"},
        "serial": 1,
    },
    "abstract": "本区食品经营许可证的主体、项目、有效期和状态。",
    "format": "数据库 / PostgreSQL",
    "items": [
        {"key": "licence_number", "name": "许可证编号", "type": "C", "length": 20, "sensitivity": 1,
         "masking": "none", "element": "SP.XKZBH"},
        {"key": "person_in_charge", "name": "负责人", "type": "C", "length": 50, "sensitivity": 3,
         "masking": "name", "element": None},
    ],
    "share_type": "2",
    "share_condition": "用于办理政务服务事项时核验，一事一授权",
    "share_basis": None,
    "means": "table",
    "openness": "3",
    "open_condition": None,
    "update_cycle": "daily",
    "source": None,
}  # fmt: skip


class NodeModel(Form):
    """One level of the classification."""

    code: _Digits
    name: Text


class ClassificationModel(Form):
    """类、项、目、细目 and the serial number below them."""

    kind: NodeModel = Field(description="类，1 位")
    group: NodeModel = Field(description="项，2 位")
    category: NodeModel = Field(description="目，3 位")
    detail: NodeModel = Field(description="细目，位数不限")
    serial: int = Field(ge=1, description="顺序号")

    def value(self) -> Classification:
        """Return the domain's form of it."""
        levels = {name: getattr(self, name) for name in ("kind", "group", "category", "detail")}
        nodes = {name: Node(level.code, level.name) for name, level in levels.items()}
        return Classification(**nodes, serial=self.serial)


class DataItemModel(Form):
    """数据项."""

    key: Key = Field(description="字段名")
    name: Text
    type: DataType
    length: int = Field(ge=1, le=1_000_000)
    sensitivity: int = Field(ge=1, le=4, description="敏感级别：1 可公开，3 默认脱敏，4 不对外提供")
    masking: Masking = Masking.NONE
    element: _Element | None = Field(default=None, description="作为权威来源的数据元编码；引用他处数据时为空")

    def value(self) -> DataItem:
        """Return the domain's form of it."""
        return DataItem(**dict(self))


class Description(Form):
    """Metadata of a resource 数据资源元数据."""

    model_config = ConfigDict(json_schema_extra={"examples": [METADATA_EXAMPLE]})

    name: Text
    classification: ClassificationModel
    abstract: LongText
    format: Text
    items: list[DataItemModel] = Field(max_length=500)
    share_type: ShareType = Field(description="1 无条件共享，2 有条件共享，3 不予共享")
    share_condition: LongText | None = None
    share_basis: LongText | None = Field(default=None, description="不予共享的法律、行政法规或者国务院决定依据")
    means: Means
    openness: Openness = Field(description="1 无条件开放，2 有条件开放，3 不予开放")
    open_condition: LongText | None = None
    update_cycle: UpdateCycle
    source: Text | None = Field(default=None, description="接口方式共享时，读取数据的连接器名称")

    def metadata(self) -> Metadata:
        """Return the domain's form of it."""
        own = {name: getattr(self, name) for name in Description.model_fields}
        items = tuple(item.value() for item in self.items)
        return Metadata(**own | {"classification": self.classification.value(), "items": items})


class NewResource(Description):
    """A resource to enter into the directory."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "SP-JYXK-001", **METADATA_EXAMPLE}]})

    code: ResourceCode = Field(description="资源编号，交换时用它调用")


class DataItemView(BaseModel):
    """数据项."""

    key: str
    name: str
    type: DataType
    length: int
    sensitivity: int
    masking: Masking
    element: str | None


class ResourceView(BaseModel):
    """数据资源."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "018f3b1c-7e4a-7c21-9a55-000000000051",
                    "code": "SP-JYXK-001",
                    "catalogue_code": "30700201/000001",
                    "provider": {"code": "11130371037106669W", "name": "秦皇岛经济技术开发区市场监督管理局"},
                    "authority": "11130371037107039Y",
                    "sensitivity": 3,
                    "state": "published",
                    "state_name": "已发布",
                    "reason": None,
                    "published_at": "2026-01-05T01:00:00Z",
                    "version": 3,
                    **METADATA_EXAMPLE,
                }
            ]
        }
    )

    id: UUID
    code: str
    catalogue_code: str = Field(description="信息资源代码：类、项、目、细目和顺序号")
    provider: AgencyView
    authority: str = Field(description="审核的数据主管部门")
    name: str
    classification: ClassificationModel
    abstract: str
    format: str
    items: list[DataItemView]
    sensitivity: int = Field(description="资源的敏感级别，即各数据项中最高的一级")
    share_type: ShareType
    share_condition: str | None
    share_basis: str | None
    means: Means
    openness: Openness
    open_condition: str | None
    update_cycle: UpdateCycle
    source: str | None
    state: ResourceState
    state_name: str
    reason: str | None = Field(description="上次未通过审核的理由，或申请撤销的理由")
    published_at: datetime | None
    version: int

    @classmethod
    def of(cls, resource: Resource) -> "ResourceView":
        """Return the view of a resource."""
        said = resource.metadata
        plain = ("name", "abstract", "format", "share_type", "share_condition", "share_basis", "means", "openness",
                 "open_condition", "update_cycle", "source", "sensitivity")  # fmt: skip
        return cls(
            id=resource.id,
            code=resource.code,
            catalogue_code=said.classification.code,
            provider=AgencyView.of(resource.provider),
            authority=resource.authority,
            classification=_classification(said.classification),
            items=[DataItemView.model_validate(item, from_attributes=True) for item in said.items],
            state=resource.state,
            state_name=resource.state.label,
            reason=resource.reason,
            published_at=resource.published_at,
            version=resource.version,
            **{name: getattr(said, name) for name in plain},
        )


def _classification(shown: Classification) -> ClassificationModel:
    levels = {name: getattr(shown, name) for name in ("kind", "group", "category", "detail")}
    nodes = {name: NodeModel(code=node.code, name=node.name) for name, node in levels.items()}
    return ClassificationModel(**nodes, serial=shown.serial)

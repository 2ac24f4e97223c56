"""Code lists of GB/T 39046-2020, appendix A, with their Chinese names."""

from enum import StrEnum
from typing import Self


class CodeList(StrEnum):
    """A code with its Chinese name; subclasses are written `NAME = "code", "名称"`."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:
        """Make a member whose value is the code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


class ItemType(CodeList):
    """事项类型 as the standard names them; for codes a province adds see `is_item_type`."""

    PERMIT = "01", "行政许可"
    PENALTY = "02", "行政处罚"
    COERCION = "03", "行政强制"
    LEVY = "04", "行政征收"
    BENEFIT = "05", "行政给付"
    INSPECTION = "06", "行政检查"
    CONFIRMATION = "07", "行政确认"
    REWARD = "08", "行政奖励"
    RULING = "09", "行政裁决"
    OTHER = "10", "其他行政权力"
    PUBLIC_SERVICE = "20", "公共服务"


def is_item_type(code: str) -> bool:
    """Tell whether `code` is a type of the standard or in the ranges it leaves for extensions (11–19, 21–99)."""
    return len(code) == 2 and code.isascii() and code.isdigit() and code != "00"  # noqa: PLR2004 - two digits


class ExerciseLevel(CodeList):
    """行使层级."""

    STATE = "1", "国家级"
    PROVINCE = "2", "省级"
    CITY = "3", "市级"
    COUNTY = "4", "县级"
    TOWNSHIP = "5", "乡镇级"
    VILLAGE = "6", "村级"
    GRADED = "7", "分级管理"


class BodyKind(CodeList):
    """实施主体性质."""

    STATUTORY = "1", "法定机关"
    AUTHORISED = "2", "授权组织"
    ENTRUSTED = "3", "受委托组织"
    OTHER = "9", "其他"


class Served(CodeList):
    """服务对象."""

    NATURAL = "1", "自然人"
    ENTERPRISE = "2", "企业法人"
    INSTITUTION = "3", "事业法人"
    SOCIAL = "4", "社会组织法人"
    ORGAN = "5", "机关法人"
    OTHER = "6", "其他组织"


class HandlingChannel(CodeList):
    """办理形式."""

    WINDOW = "1", "窗口办理"
    COMPUTER = "2", "电脑端办理"
    MOBILE = "3", "移动端办理"
    POST = "4", "快递申请"
    OTHER = "9", "其他"


class CaseKind(CodeList):
    """办件类型."""

    INSTANT = "1", "即办件"
    PROMISED = "2", "承诺件"
    OTHER = "9", "其他"


class Satisfaction(CodeList):
    """满意度."""

    VERY_GOOD = "1", "非常满意"
    GOOD = "2", "满意"
    FAIR = "3", "基本满意"
    POOR = "4", "不满意"
    VERY_POOR = "5", "非常不满意"


class ItemState(CodeList):
    """事项状态."""

    IN_USE = "1", "在用"
    SUSPENDED = "2", "挂起"
    CANCELLED = "3", "取消"
    DRAFT = "4", "草稿"


class PowerOrigin(CodeList):
    """权力来源."""

    STATUTORY = "1", "法定本级行使"
    DEVOLVED = "2", "上级下放"
    AUTHORISED_ABOVE = "3", "上级授权"
    AUTHORISED_PEER = "4", "同级授权"
    ENTRUSTED_ABOVE = "5", "上级委托"
    ENTRUSTED_PEER = "6", "同级委托"


class MaterialNeed(CodeList):
    """材料必要性."""

    REQUIRED = "1", "必要"
    OPTIONAL = "2", "非必要"
    LATER = "3", "容缺后补"


class MaterialSource(CodeList):
    """材料来源渠道."""

    APPLICANT = "10", "申请人自备"
    GOVERNMENT = "20", "政府部门核发"
    OTHER = "99", "其他"

"""Words of a resource's metadata, after the guide to compiling catalogues (政务信息资源目录编制指南，2017)."""

from dataclasses import dataclass

from onestop_legal.codes import CodeList

WITHHELD_LEVEL = 4
"""Data of this level never leaves through the exchange (identity numbers, for example)."""
MASKED_LEVEL = 3
"""Data of this level leaves masked, unless a grant names the field and the call says why it is needed whole."""


class ShareType(CodeList):
    """共享类型 (政务数据共享条例; 国发〔2016〕51号 第九条)."""

    UNCONDITIONAL = "1", "无条件共享"
    CONDITIONAL = "2", "有条件共享"
    WITHHELD = "3", "不予共享"


class Openness(CodeList):
    """开放属性: whether the public may use the data."""

    UNCONDITIONAL = "1", "无条件开放"
    CONDITIONAL = "2", "有条件开放"
    NONE = "3", "不予开放"


class Means(CodeList):
    """共享方式."""

    INTERFACE = "interface", "接口"
    TABLE = "table", "库表"
    FILE = "file", "文件"


class UpdateCycle(CodeList):
    """更新周期."""

    REAL_TIME = "real_time", "实时"
    DAILY = "daily", "每日"
    WEEKLY = "weekly", "每周"
    MONTHLY = "monthly", "每月"
    QUARTERLY = "quarterly", "每季度"
    YEARLY = "yearly", "每年"
    ON_DEMAND = "on_demand", "按需"


class DataType(CodeList):
    """数据类型 of a data item."""

    TEXT = "C", "字符型"
    NUMBER = "N", "数值型"
    MONEY = "Y", "货币型"
    DATE = "D", "日期型"
    INSTANT = "T", "日期时间型"
    BOOLEAN = "L", "逻辑型"
    BINARY = "B", "二进制型"


class Masking(CodeList):
    """How a data item is hidden by default."""

    NONE = "none", "不脱敏"
    NAME = "name", "保留姓氏"
    ENDS = "ends", "保留首末各一位"

    def apply(self, text: str) -> str:
        """Return `text` as it may be shown: `张振邦` → `张**`, `1304…23` → `1****3`."""
        if self is Masking.NONE:
            return text
        if self is Masking.NAME:
            return text[:1] + "*" * max(len(text) - 1, 1)
        return text[:1] + "*" * max(len(text) - 2, 1) + text[-1:]


@dataclass(frozen=True, slots=True)
class Node:
    """One level of the classification: its digits and its name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Classification:
    """类、项、目、细目: 1 + 2 + 3 + any number of digits; the resource's serial number follows them.

    Attributes:
        serial: number of the resource below the last level, from 1.
    """

    kind: Node
    group: Node
    category: Node
    detail: Node
    serial: int

    LENGTHS = (("kind", 1), ("group", 2), ("category", 3))

    @property
    def code(self) -> str:
        """The information resource code 信息资源代码: digits of the levels, slash, serial number."""
        levels = (self.kind, self.group, self.category, self.detail)
        return f"{''.join(level.code for level in levels)}/{self.serial:06d}"


@dataclass(frozen=True, slots=True)
class DataItem:
    """One data item 数据项 of a resource.

    Attributes:
        key: name of the field in answers, for example `legal_representative`.
        sensitivity: 1 (public) to 4 (never handed out).
        element: code of the data element 数据元 whose authoritative source this item claims to be, or None for a
            copy of what another resource is the source of.
    """

    key: str
    name: str
    type: DataType
    length: int
    sensitivity: int
    masking: Masking = Masking.NONE
    element: str | None = None

    @property
    def withheld(self) -> bool:
        """Whether the item never leaves."""
        return self.sensitivity >= WITHHELD_LEVEL

    @property
    def masked_by_default(self) -> bool:
        """Whether the item leaves masked."""
        return self.sensitivity >= MASKED_LEVEL

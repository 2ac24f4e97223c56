"""The resource that the exchange shares from the first day, and who may use it for what."""

from datetime import date

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
from svc_datashare.resources.domain.resource import Agency, Metadata

_ZONE = "秦皇岛经济技术开发区"
REGION = "130371"
SINCE = date(2019, 1, 1)

AUTHORITY = Agency("11130371037107039Y", f"{_ZONE}数据和政务服务局")
PROVIDER = Agency("11130371037106669W", f"{_ZONE}市场监督管理局")
CONSUMERS = (
    Agency("11130371037100371Q", f"{_ZONE}行政审批局"),
    Agency("11130371037100742F", f"{_ZONE}公安局"),
    Agency("11130371037101489F", f"{_ZONE}医疗保障局"),
    Agency("1113037103710185X1", f"{_ZONE}民政局"),
    Agency("111303710371025964", f"{_ZONE}住房和城乡建设局"),
    Agency("11130371037103708K", f"{_ZONE}税务局"),
    Agency("11130371037104073T", f"{_ZONE}烟草专卖局"),
)
"""Agencies whose guides take the business licence from the exchange instead of asking for it."""
AGENCIES = (AUTHORITY, PROVIDER, *CONSUMERS)
"""Those who act while the directory is filled; the catalogue's events bring them and all others."""

RESOURCE_CODE = "FR-YYZZ-001"
SERVICE = "svc-intake"
PURPOSE = "办理行政许可时核验申请人营业执照"
BASIS = "《政务数据共享条例》（国务院令第809号）；《国务院关于在线政务服务的若干规定》（国务院令第716号）第七条"

LICENCE_BASE = Metadata(
    name="企业营业执照信息",
    classification=Classification(
        kind=Node("1", "基础信息资源"),
        group=Node("02", "法人单位基础信息"),
        category=Node("001", "企业法人"),
        detail=Node("01", "营业执照"),
        serial=1,
    ),
    abstract="本区登记的企业、个体工商户和农民专业合作社的营业执照照面信息和登记状态。",
    format="数据库 / PostgreSQL",
    items=(
        DataItem("credit_code", "统一社会信用代码", DataType.TEXT, 18, 1, element="FR.TYSHXYDM"),
        DataItem("name", "名称", DataType.TEXT, 200, 1, element="FR.MC"),
        DataItem("legal_representative", "法定代表人（负责人）", DataType.TEXT, 100, 3, Masking.NAME, "FR.FDDBR"),
        DataItem("type", "类型", DataType.TEXT, 100, 1, element="FR.LX"),
        DataItem("registered_capital", "注册资本（元）", DataType.MONEY, 18, 2, element="FR.ZCZB"),
        DataItem("established_on", "成立日期", DataType.DATE, 10, 1, element="FR.CLRQ"),
        DataItem("valid_from", "营业期限自", DataType.DATE, 10, 1, element="FR.YYQXQ"),
        DataItem("valid_to", "营业期限至", DataType.DATE, 10, 1, element="FR.YYQXZ"),
        DataItem("business_scope", "经营范围", DataType.TEXT, 4000, 1, element="FR.JYFW"),
        DataItem("registered_place", "住所", DataType.TEXT, 300, 2, element="FR.ZS"),
        DataItem("registration_authority", "登记机关", DataType.TEXT, 100, 1, element="FR.DJJG"),
        DataItem("state", "登记状态", DataType.TEXT, 20, 1, element="FR.DJZT"),
    ),
    share_type=ShareType.CONDITIONAL,
    share_condition="用于办理政务服务事项时核验申请人主体资格，一部门一授权，按办件调用。",
    share_basis=None,
    means=Means.INTERFACE,
    openness=Openness.CONDITIONAL,
    open_condition="通过国家企业信用信息公示系统查询。",
    update_cycle=UpdateCycle.REAL_TIME,
    source="business-licence",
)
FIELDS = tuple(item.key for item in LICENCE_BASE.items)

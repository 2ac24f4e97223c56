"""Fills an empty database: the authorities by which the comprehensive hall accepts for the agencies of the zone."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Any

from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Transaction
from svc_intake.domain.authority import AcceptanceAuthority
from svc_intake.repository import authorities

HALL = "130371-H01"
SINCE = date(2026, 1, 1)
_ZONE = "秦皇岛经济技术开发区"
AGENCIES = (
    ("11130371037100005W", "管理委员会", "秦开管委"),
    ("11130371037100371Q", "行政审批局", "秦开审批"),
    ("11130371037100742F", "公安局", "秦开公"),
    ("11130371037101112H", "人力资源和社会保障局", "秦开人社"),
    ("11130371037101489F", "医疗保障局", "秦开医保"),
    ("1113037103710185X1", "民政局", "秦开民"),
    ("1113037103710222X3", "残疾人联合会", "秦开残联"),
    ("111303710371025964", "住房和城乡建设局", "秦开建"),
    ("11130371037102967T", "自然资源和规划局", "秦开自规"),
    ("11130371037103337W", "发展和改革局", "秦开发改"),
    ("11130371037103708K", "税务局", "秦开税"),
    ("11130371037104073T", "烟草专卖局", "秦开烟"),
    ("11130371037104444H", "人民防空办公室", "秦开人防"),
    ("111303710371048158", "司法局", "秦开司"),
    ("11130371037105180F", "卫生健康局", "秦开卫"),
    ("111303710371055516", "退役军人事务局", "秦开退"),
    ("11130371037105922W", "农业农村局", "秦开农"),
    ("111303710371062986", "教育局", "秦开教"),
    ("11130371037106669W", "市场监督管理局", "秦开市监"),
    ("11130371037107039Y", "数据和政务服务局", "秦开数政"),
    ("1113037103710740XG", "珠江道街道办事处", "秦开珠"),
    ("11130371037107776H", "榆关镇人民政府", "榆政"),
)
"""Code, name and short name of the agencies that have authorised the hall; short names as in the catalogue."""


async def seed(transactions: Callable[[], AbstractAsyncContextManager[Transaction]], _data: dict[str, Any]) -> None:
    """Give every agency's authority once; what is there already stays as it is."""
    async with transactions() as tx:
        for code, name, short_name in AGENCIES:
            authority = AcceptanceAuthority(
                id=uuid7(),
                agency_code=code,
                agency_name=f"{_ZONE}{name}",
                hall=HALL,
                items=None,
                document_number=f"{short_name}授〔2026〕1号",
                seal=f"{_ZONE}{name}行政审批专用章（1）",
                valid_from=SINCE,
                valid_to=None,
            )
            if await authorities.add_once(tx.connection, authority):
                tx.audit("authority.given", key=authority.id)

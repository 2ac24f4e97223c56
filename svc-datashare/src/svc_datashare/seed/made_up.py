"""Made-up companies of the zone with valid credit codes; any likeness to real ones is chance.

`made_up.csv` has one line each, capital in 10,000 yuan; the kind decides the form of business and the first two
digits of the credit code.
"""

import csv
import importlib.resources
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from onestop_legal.credit_code import CreditCode
from onestop_runtime.ids import uuid7
from svc_datashare.companies.domain import BusinessLicence, BusinessState

REGISTRAR = "秦皇岛经济技术开发区市场监督管理局"
_REGION = "130371"
_FORMS = {
    "limited": ("91", "有限责任公司（自然人投资或控股）"),
    "sole": ("91", "有限责任公司（自然人独资）"),
    "state": ("91", "有限责任公司（国有独资）"),
    "stock": ("91", "股份有限公司（非上市）"),
    "partners": ("91", "有限合伙企业"),
    "household": ("92", "个体工商户"),
    "farmers": ("93", "农民专业合作社"),
}
_ENDED = {"MA720373": BusinessState.REVOKED, "MA720419": BusinessState.CANCELLED, "MA720431": BusinessState.MOVED_OUT}

DEMO: Mapping[str, dict[str, str]] = {
    "91130371MA7001010P": {
        "legal_representative": "张海山",
        "kind": "limited",
        "capital": "200",
        "established_on": "2021-04-16",
        "business_scope": "食品销售；食品互联网销售；初级农产品收购；水产品批发；货物进出口",
        "place": "珠江道 18 号",
    },
    "91130371MA70083272": {
        "legal_representative": "刘渤",
        "kind": "sole",
        "capital": "50",
        "established_on": "2022-09-07",
        "business_scope": "餐饮服务；餐饮管理；外卖递送服务；单位后勤管理服务",
        "place": "黄河道 66 号一层",
    },
}
"""The companies of the demo people, by credit code; their names come with the seed."""


def companies(named: Iterable[Mapping[str, Any]]) -> Iterator[BusinessLicence]:
    """Yield the whole base.

    Args:
        named: the seed file's `companies`: `id`, `credit_code`, `name`.
    """
    names = {company["credit_code"]: company["name"] for company in named}
    for credit_code, row in DEMO.items():
        if credit_code in names:
            yield _licence(CreditCode.parse(credit_code), row | {"name": names[credit_code]})
    listed = importlib.resources.files(__package__).joinpath("made_up.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(listed.splitlines()):
        code = CreditCode.make(_FORMS[row["kind"]][0], _REGION, row["organisation"])
        yield _licence(code, row, _ENDED.get(row["organisation"], BusinessState.ACTIVE))


def _licence(code: CreditCode, row: dict[str, str], state: BusinessState = BusinessState.ACTIVE) -> BusinessLicence:
    kind, day = row["kind"], date.fromisoformat(row["established_on"])
    return BusinessLicence(
        id=uuid7(),
        credit_code=code,
        name=row["name"],
        legal_representative=row["legal_representative"],
        type=_FORMS[kind][1],
        registered_capital=None if kind == "household" else int(row["capital"]) * 10_000,
        established_on=day,
        valid_from=day,
        valid_to=None,
        business_scope=row["business_scope"],
        registered_place=f"秦皇岛市经济技术开发区{row['place']}",
        registration_authority=REGISTRAR,
        state=state,
    )

"""What the API says about mandates, and what it takes."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.identity.domain import Facts
from gateway.identity.named import Named
from gateway.mandates.domain import Basis, Evidence, Mandate, Terms
from gateway.people.schemas import PartyView
from onestop_legal.errors import FieldError, FieldErrors

ItemCode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]

_NAMED = {"name": "周海燕", "identity_number": "130371198506121246"}
_TERMS = {"items": ["11130371037100371Q4000131001000"], "valid_from": "2026-03-02", "valid_to": "2026-09-01"}


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [values]})


class NamedForm(BaseModel):
    """Whom the mandate is agreed with: name and number have to fit each other."""

    model_config = _example(**_NAMED)

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    identity_number: Annotated[str, StringConstraints(max_length=18)] = Field(description="公民身份号码")

    def named(self) -> Named:
        """Return what the use case takes."""
        return Named(self.name, self.identity_number)


class _TermsForm(BaseModel):
    items: list[ItemCode] | None = Field(default=None, description="可办理的事项实施编码；不填为全部")
    valid_from: date
    valid_to: date | None = Field(default=None, description="最后一日；代理个人办理的授权必填")

    def terms(self, basis: Basis) -> Terms:
        """Return the terms on this basis."""
        return Terms(basis, None if self.items is None else tuple(self.items), self.valid_from, self.valid_to)


class GiveMandate(_TermsForm):
    """委托他人代办: for a legal person that the caller represents, or for himself."""

    model_config = _example(credit_code="91130371MA7001010P", agent=_NAMED, **_TERMS)

    credit_code: str | None = Field(default=None, description="本人任法定代表人的单位；不填为本人委托亲属")
    basis: Literal["parent", "child", "spouse"] | None = Field(
        default=None, description="本人是代理人的：parent 父母，child 成年子女，spouse 配偶；单位授权不填"
    )
    agent: NamedForm

    def whole_terms(self) -> Terms:
        """Return the terms; raises `FieldErrors` when a person does not say what he is to his agent."""
        if self.credit_code is not None:
            return self.terms(Basis.EMPLOYER)
        if self.basis is None:
            raise FieldErrors([FieldError("/basis", "required", "请填写本人与代理人的关系")])
        return self.terms(Basis(self.basis))


class AskForMandate(_TermsForm):
    """申请为他人代办: the caller asks a relative, or as a township's agent one of its people."""

    model_config = _example(
        basis="resident", principal={"name": "赵晓梅", "identity_number": "130371198803171020"}, **_TERMS
    )

    basis: Literal["parent", "child", "spouse", "resident"] = Field(
        description="对方是本人的：parent 父母，child 成年子女，spouse 配偶，resident 代办员的服务对象"
    )
    principal: NamedForm

    def whole_terms(self) -> Terms:
        """Return the terms."""
        return self.terms(Basis(self.basis))


class PrincipalPresent(BaseModel):
    """窗口前的当事人."""

    model_config = _example(identity_number="130371198803171020")

    identity_number: Annotated[str, StringConstraints(max_length=18)] = Field(description="当事人证件上的公民身份号码")


class WindowConfirmation(BaseModel):
    """窗口当面确认: what the clerk has seen of the principal who stands before him."""

    model_config = _example(identity_number="130371198803171020", evidence="identity-card")

    identity_number: Annotated[str, StringConstraints(max_length=18)] = Field(
        description="被代理人证件上的公民身份号码"
    )
    evidence: Evidence = Field(
        description="核验的材料：identity-card 居民身份证，household-register 户口簿，birth-certificate 出生医学证明，"
        "guardianship 监护证明，letter 授权委托书"
    )


class CodeConfirmation(BaseModel):
    """被代理人告知的验证码."""

    model_config = _example(code="135790")

    code: str = Field(description="短信中的 6 位数字", max_length=16)


class Guardianship(BaseModel):
    """监护关系: who acts for whom, as the clerk has seen it proved."""

    model_config = _example(
        guardian={"name": "赵晓梅", "identity_number": "130371198803171020"},
        ward={"name": "赵小宝", "identity_number": "130371201206060415"},
        evidence="household-register",
    )

    guardian: NamedForm
    ward: NamedForm = Field(description="被监护人，按证件填写；没有账号的随之登记")
    evidence: Literal[Evidence.HOUSEHOLD_REGISTER, Evidence.BIRTH_CERTIFICATE, Evidence.GUARDIANSHIP] = Field(
        description="household-register 户口簿，birth-certificate 出生医学证明，guardianship 监护证明或判决书"
    )
    valid_to: date | None = Field(default=None, description="监护证明载明的终止日期；未成年人最晚至满 18 周岁前一日")

    def ward_facts(self) -> Facts:
        """Return what the ward's document says; raises `FieldErrors`."""
        try:
            return Facts.read(self.ward.name, self.ward.identity_number)
        except FieldErrors as error:
            raise FieldErrors([FieldError(f"/ward{it.pointer}", it.code, it.detail) for it in error.wrong]) from error


class AgencyView(BaseModel):
    """The township or subdistrict that sends an agent."""

    code: str
    name: str


class CompanyView(BaseModel):
    """A legal person 法人."""

    id: UUID
    credit_code: str = Field(description="统一社会信用代码")
    name: str


class CompanyMandateView(BaseModel):
    """A mandate of a legal person, as the first version of the API showed it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0190a5f0-0000-7000-8000-000000000003",
                    "legal_person": {
                        "id": "0190a5f0-0000-7000-8000-000000000002",
                        "credit_code": "91130371MA7001010P",
                        "name": "秦皇岛开发区山海食品有限公司",
                    },
                    "items": None,
                    "valid_from": "2026-01-01",
                    "valid_to": None,
                    "valid": True,
                }
            ]
        }
    )

    id: UUID
    legal_person: CompanyView
    items: list[str] | None = Field(description="可办理的事项实施编码；空为全部")
    valid_from: date
    valid_to: date | None
    valid: bool = Field(description="今天是否有效")

    @classmethod
    def of(cls, mandate: Mandate, today: date) -> "CompanyMandateView":
        """Return the view of a mandate of a legal person."""
        who, terms = mandate.principal, mandate.terms
        return cls(
            id=mandate.id,
            legal_person=CompanyView(id=who.id, credit_code=who.credit_code or "", name=who.name),
            items=None if terms.items is None else list(terms.items),
            valid_from=terms.valid_from,
            valid_to=terms.valid_to,
            valid=mandate.holds_on(today),
        )


class MandateView(BaseModel):
    """A mandate 授权: who may act for whom, in which matters, how long."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0190a5f0-0000-7000-8000-000000000003",
                    "version": 2,
                    "state": "given",
                    "state_name": "已生效",
                    "awaits": None,
                    "basis": "employer",
                    "basis_name": "单位经办",
                    "principal": {
                        "id": "0190a5f0-0000-7000-8000-000000000002",
                        "kind": "legal",
                        "credit_code": "91130371MA7001010P",
                        "name": "秦皇岛开发区山海食品有限公司",
                    },
                    "agent_id": "0190a5f0-0000-7000-8000-000000000001",
                    "agent_name": "周**",
                    "agency": None,
                    "items": None,
                    "valid_from": "2026-01-01",
                    "valid_to": None,
                    "valid": True,
                    "offered_at": "2026-01-01T01:30:00Z",
                    "given_at": "2026-01-01T02:00:00Z",
                    "confirmation": "session",
                    "ended_at": None,
                }
            ]
        }
    )

    id: UUID
    version: int
    state: str = Field(description="waiting 待确认，given 已生效，declined 已拒绝，withdrawn 已撤回，expired 已到期")
    state_name: str
    awaits: str | None = Field(description="待哪一方确认：principal 被代理人，agent 代理人")
    basis: str
    basis_name: str
    principal: PartyView = Field(description="被代理人")
    agent_id: UUID
    agent_name: str = Field(description="代理人的脱敏姓名")
    agency: AgencyView | None = Field(description="派出代办员的乡镇（街道）")
    items: list[str] | None = Field(description="可办理的事项实施编码；空为全部")
    valid_from: date
    valid_to: date | None
    valid: bool = Field(description="今天是否有效")
    offered_at: datetime
    given_at: datetime | None
    confirmation: str | None = Field(description="seed 初始登记，session 登录后确认，code 手机验证码，window 窗口当面")
    ended_at: datetime | None

    @classmethod
    def of(cls, mandate: Mandate, today: date) -> "MandateView":
        """Return the view of a mandate."""
        who, terms, agency = mandate.principal, mandate.terms, mandate.agency
        principal = PartyView(id=who.id, kind=who.kind, credit_code=who.credit_code, name=who.name)
        return cls(
            id=mandate.id,
            version=mandate.version,
            state=mandate.state,
            state_name=mandate.state.label,
            awaits=mandate.awaits,
            basis=terms.basis,
            basis_name=terms.basis.label,
            principal=principal,
            agent_id=mandate.agent_id,
            agent_name=mandate.agent_name,
            agency=AgencyView(code=agency.code, name=agency.name) if agency else None,
            items=None if terms.items is None else list(terms.items),
            valid_from=terms.valid_from,
            valid_to=terms.valid_to,
            valid=mandate.holds_on(today),
            offered_at=mandate.offered_at,
            given_at=mandate.given_at,
            confirmation=mandate.confirmation,
            ended_at=mandate.ended_at,
        )

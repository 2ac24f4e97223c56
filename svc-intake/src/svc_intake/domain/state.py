"""The states of a case, and the errors of doing something in the wrong one."""

from onestop_legal.codes import CodeList
from onestop_legal.errors import NamedError


class State(CodeList):
    """State of a case; the result is kept apart."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "收件"
    CORRECTION = "correction", "补齐补正"
    ACCEPTED = "accepted", "受理"
    REFUSED = "refused", "不予受理"
    WITHDRAWN = "withdrawn", "撤回"
    CONCLUDED = "concluded", "办结"


class CaseNotFound(NamedError):
    """There is no such case, or it is not the caller's to see."""

    slug = "case-not-found"
    title = "没有这个办件"
    status = 404
    pointer = "{case_id}"


class CaseNotEditable(NamedError):
    """The application was handed in; it can be changed only where a correction notice asks for it."""

    slug = "case-not-editable"
    title = "办件已提交，不能修改"
    status = 409


class CaseNotAwaitingAnswer(NamedError):
    """Acceptance, refusal and correction notice answer an application that was received and not answered yet."""

    slug = "case-not-awaiting-answer"
    title = "办件当前不处于收件待受理状态"
    status = 409


class CaseNotInCorrection(NamedError):
    """Nothing was asked to be corrected."""

    slug = "case-not-in-correction"
    title = "办件当前不处于补正状态"
    status = 409


class CaseNotWithdrawable(NamedError):
    """An application can be taken back from its receipt until the decision."""

    slug = "case-not-withdrawable"
    title = "办件当前不能撤回"
    status = 409


class CaseNotConcluded(NamedError):
    """A result is delivered after the decision."""

    slug = "case-not-concluded"
    title = "办件尚未办结，没有可以送达的结果"
    status = 409


class CaseNotSubmitted(NamedError):
    """A draft has no receipt."""

    slug = "case-not-submitted"
    title = "申请尚未提交，没有收件凭证"
    status = 409

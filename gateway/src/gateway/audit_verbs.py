"""What the audit trail of the gateway records: a closed list, with what each verb says to the person it concerns.

`tx.audit` takes the verb as text; a test holds every call to this list, and the list to the calls.
"""

from typing import Final

from gateway.pages.language import N_
from onestop_legal.codes import CodeList


class Verb(CodeList):
    """What somebody did: `<noun>.<past participle>`, and the sentence that a person reads in his records."""

    PERSON_REGISTERED = "person.registered", N_("登记身份信息")
    PERSON_VERIFIED = "person.verified", N_("核验身份")
    PERSON_SEEN = "person.seen", N_("窗口当面核对身份")
    PERSON_ERASED = "person.erased", N_("注销账号，删除个人信息")
    ERASURE_PROPOSED = "erasure.proposed", N_("提出删除个人信息")
    ERASURE_REFUSED = "erasure.refused", N_("不予删除个人信息")
    PERSON_LOOKED_UP = "person.looked-up", N_("窗口按身份号码查找")
    LEGAL_PERSON_REGISTERED = "legal-person.registered", N_("登记单位")
    REPRESENTATIVE_REGISTERED = "representative.registered", N_("登记法定代表人")
    MANDATE_LOOKED_UP = "mandate.looked-up", N_("窗口查找授权")
    MANDATE_OFFERED = "mandate.offered", N_("提出授权，待对方确认")
    MANDATE_DECLINED = "mandate.declined", N_("拒绝授权")
    MANDATE_WITHDRAWN = "mandate.withdrawn", N_("撤回授权")
    MANDATE_GIVEN = "mandate.given", N_("授权生效")
    STAFF_CHANGED = "staff.changed", N_("任职变更")
    STAFF_DISMISSED = "staff.dismissed", N_("任职免去")
    STAFF_APPOINTED = "staff.appointed", N_("任职登记")

    SESSION_STARTED = "session.started", N_("登录")
    SESSION_RENEWED = "session.renewed", N_("再次验证身份")
    SESSION_ENDED = "session.ended", N_("退出登录")
    SIGN_IN_REFUSED = "sign-in.refused", N_("登录失败")

    CODE_ASKED = "code.asked", N_("请求验证码")
    CODE_REFUSED = "code.refused", N_("验证码有误")

    DEVICE_REQUEST_MADE = "device-request.made", N_("设备请求登录")
    DEVICE_REQUEST_APPROVED = "device-request.approved", N_("同意设备登录")
    DEVICE_REQUEST_DENIED = "device-request.denied", N_("拒绝设备登录")
    USER_CODE_REFUSED = "user-code.refused", N_("设备代码有误")

    TERMINAL_REGISTERED = "terminal.registered", N_("登记自助终端")
    TERMINAL_CHANGED = "terminal.changed", N_("变更自助终端")
    TERMINAL_ENROLMENT_CODE_MADE = "terminal.enrolment-code-made", N_("生成自助终端启用码")
    TERMINAL_ENROLLED = "terminal.enrolled", N_("自助终端启用")

    LATE_REQUEST_CARRIED_OUT = "late-request.carried-out", N_("断网期间在终端提交的请求已送达")
    LATE_REQUEST_REFUSED = "late-request.refused", N_("断网期间在终端提交的请求未被受理")
    LATE_REQUEST_CHAIN_BROKEN = "late-request.chain-broken", N_("终端的离线请求不衔接")

    SCAN_SHOWN = "scan.shown", N_("出示登录二维码")
    SCAN_OPENED = "scan.opened", N_("扫描登录二维码")
    SCAN_APPROVED = "scan.approved", N_("同意扫码登录")
    SCAN_REFUSED = "scan.refused", N_("拒绝扫码登录")

    IDENTITY_LINKED = "identity.linked", N_("关联第三方身份")
    IDENTITY_UNLINKED = "identity.unlinked", N_("解除第三方身份的关联")
    IDENTITY_REFUSED = "identity.refused", N_("未能以第三方身份登录或关联")

    SECOND_FACTOR_ASKED = "second-factor.asked", N_("第一步验证通过，等待第二步")
    SECOND_FACTOR_REFUSED = "second-factor.refused", N_("第二步验证未通过")
    AUTHENTICATOR_ADDED = "authenticator.added", N_("绑定验证器")
    AUTHENTICATOR_REMOVED = "authenticator.removed", N_("解除验证器")
    PASSKEY_ADDED = "passkey.added", N_("增加通行密钥")
    PASSKEY_RENAMED = "passkey.renamed", N_("为通行密钥改名")
    PASSKEY_REMOVED = "passkey.removed", N_("移除通行密钥")
    PASSKEY_REFUSED = "passkey.refused", N_("通行密钥验证未通过")
    RECOVERY_CODES_MADE = "recovery-codes.made", N_("生成恢复码")
    RECOVERY_CODE_USED = "recovery-code.used", N_("使用恢复码")
    RECOVERY_BEGUN = "recovery.begun", N_("申请找回账号")
    RECOVERY_HASTENED = "recovery.hastened", N_("以第二步验证免去找回的等待")
    RECOVERY_CANCELLED = "recovery.cancelled", N_("取消找回账号")
    RECOVERY_COMPLETED = "recovery.completed", N_("完成找回账号")
    PHONE_CHANGE_ASKED = "phone-change.asked", N_("申请更换手机号码")
    PHONE_CHANGE_CANCELLED = "phone-change.cancelled", N_("取消更换手机号码")
    PHONE_CHANGED = "phone.changed", N_("更换手机号码")
    PASSWORD_CHANGED = "password.changed", N_("修改密码")
    PASSWORD_REFUSED = "password.refused", N_("修改密码时原密码有误")

    CLIENT_REGISTERED = "client.registered", N_("登记应用")
    CLIENT_PROPOSED = "client.proposed", N_("提交应用登记")
    CLIENT_CHANGED = "client.changed", N_("变更应用登记")
    CLIENT_CHANGE_PROPOSED = "client.change-proposed", N_("提交应用变更")
    CLIENT_APPROVED = "client.approved", N_("同意应用登记或变更")
    CLIENT_REFUSED = "client.refused", N_("不同意应用登记或变更")
    CLIENT_SUSPENDED = "client.suspended", N_("停用应用")
    CLIENT_RESUMED = "client.resumed", N_("恢复应用")
    CLIENT_ENDED = "client.ended", N_("注销应用")
    CLIENT_SECRET_RENEWED = "client.secret-renewed", N_("更换应用密钥")
    CAPACITY_CHOSEN = "capacity.chosen", N_("选择办理身份")
    CONSENT_GIVEN = "consent.given", N_("同意应用取得信息")
    CONSENT_WITHDRAWN = "consent.withdrawn", N_("收回对应用的授权")
    GRANT_GIVEN = "grant.given", N_("进入应用")
    GRANT_REVOKED = "grant.revoked", N_("应用的授权已终止")
    AUTHORIZATION_REQUEST_PUSHED = "authorization-request.pushed", N_("应用提交登录请求")
    TOKEN_ISSUED = "token.issued", N_("应用取得访问令牌")
    TOKEN_EXCHANGED = "token.exchanged", N_("应用凭您的登录继续访问")
    TOKEN_REFUSED = "token.refused", N_("拒绝应用取得访问令牌")
    TOKEN_REVOKED = "token.revoked", N_("应用交回访问令牌")
    TOKEN_INTROSPECTED = "token.introspected", N_("应用查验访问令牌")
    REFRESH_TOKEN_REPEATED = "refresh-token.repeated", N_("应用重新取得丢失的令牌")

    TICKET_GIVEN = "ticket.given", N_("进入部门系统")
    TICKET_REDEEMED = "ticket.redeemed", N_("部门系统确认登录")
    TICKET_REFUSED = "ticket.refused", N_("拒绝部门系统确认登录")

    IDENTITIES_INSPECTED = "identities.inspected", N_("工作人员查阅第三方身份")
    RECORDS_INSPECTED = "records.inspected", N_("工作人员查阅记录")

    SIGNING_KEY_MADE = "signing-key.made", N_("生成签名密钥")
    SIGNING_KEY_FORGOTTEN = "signing-key.forgotten", N_("停用签名密钥")


def described(verb: str) -> str:
    """Return the sentence for a verb; one that is not recorded any more stands for itself."""
    return Verb(verb).label if verb in set(Verb) else verb


ROUTINE: Final = frozenset({Verb.TOKEN_ISSUED, Verb.TOKEN_INTROSPECTED, Verb.AUTHORIZATION_REQUEST_PUSHED})
"""What programs do over and over while a person uses them; kept in the trail, not shown in his records."""

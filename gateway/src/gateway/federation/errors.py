"""How a sign-in at another's provider fails for reasons that are not the person's."""

from onestop_legal.errors import NamedError


class UpstreamAway(NamedError):
    """The other provider does not answer."""

    slug = "identity-provider-away"
    title = "身份平台暂时无法访问，请稍后再试"
    status = 503


class UpstreamNotBelieved(NamedError):
    """What the other provider says does not prove what it should; the log says which check failed."""

    slug = "identity-provider-not-believed"
    title = "身份平台的答复无法核实，登录没有完成"
    status = 502


class NoSuchProvider(NamedError):
    """No provider is configured under this name."""

    slug = "identity-provider-not-found"
    title = "没有这个身份平台"
    status = 404


class SignInGone(NamedError):
    """The sign-in took too long, is over, or was begun in another browser."""

    slug = "federated-sign-in-gone"
    title = "本次登录已失效，请重新开始"
    status = 400

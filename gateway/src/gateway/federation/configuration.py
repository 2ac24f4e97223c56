"""Which providers people may sign in at beside ours, read from one JSON file.

    {"providers": [{"id": "hebei", "name": "河北省统一身份认证平台", "issuer": "https://…", "client_id": "…",
                    "key_file": "hebei-key.json", "scopes": ["openid", "profile"],
                    "claims": {"identity_number": "id_card", "name": "real_name", "phone": "mobile"},
                    "assurance": {"claim": "acr", "levels": {"urn:…:real-name": 2}}}]}

File names are relative to the file itself.
"""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Algorithm = Literal["RS256", "PS256", "ES256", "Ed25519", "EdDSA"]


class ClaimNames(BaseModel):
    """Under which names the provider states what we need to know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identity_number: str = "identity_number"
    name: str = "name"
    phone: str = "phone_number"


class Assurance(BaseModel):
    """How surely the provider knows somebody, in our levels (0 self-declared, 1 phone, 2 real name, 3 in person).

    Attributes:
        claim: where it says so.
        levels: our level for each of its own; what is not listed counts as 0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    claim: str = "acr"
    levels: dict[str, int] = Field(default_factory=dict)

    @field_validator("levels")
    @classmethod
    def _known(cls, levels: dict[str, int]) -> dict[str, int]:
        if not all(0 <= level <= 3 for level in levels.values()):  # noqa: PLR2004 - the levels of `acr`
            raise ValueError("assurance.levels 只能是 0 到 3")
        return levels


class Registration(BaseModel):
    """How we are registered at a provider.

    Attributes:
        authentication: how we prove ourselves.
        key_file: our private JWK (with `alg` and `kid`) for `private_key_jwt`.
        secret_file: our secret for `client_secret_basic`.
        audience: what our assertions name: the issuer (RFC 7523bis), or the endpoint for older software.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    client_id: str
    authentication: Literal["private_key_jwt", "client_secret_basic"] = "private_key_jwt"
    key_file: Path | None = None
    secret_file: Path | None = None
    audience: Literal["issuer", "token_endpoint"] = "issuer"

    @model_validator(mode="after")
    def _registered_soundly(self) -> "Registration":
        require_address(self.issuer)
        proofs = (self.key_file is not None, self.secret_file is not None)
        if proofs != (self.authentication == "private_key_jwt", self.authentication == "client_secret_basic"):
            raise ValueError("private_key_jwt 须有 key_file，client_secret_basic 须有 secret_file")
        return self

    def beside(self, folder: Path) -> Self:
        """Return the registration with the names of its files read from `folder`."""
        files = {name: getattr(self, name) for name in ("key_file", "secret_file")}
        return self.model_copy(update={name: folder / file for name, file in files.items() if file is not None})


class IdentityProvider(Registration):
    """A provider that people may sign in at, and how we are registered there.

    Attributes:
        id: short name in our addresses.
        name: what the button on the sign-in page says.
        algorithms: what its ID and logout tokens may be signed with; nothing else counts.
        acr_values: what is asked for, its own words.
        second_factor: which of its `amr` values mean that the person showed two factors.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    name: str = Field(min_length=1, max_length=50)
    scopes: tuple[str, ...] = ("openid", "profile", "phone")
    algorithms: tuple[Algorithm, ...] = ("RS256",)
    claims: ClaimNames = ClaimNames()
    assurance: Assurance = Assurance()
    acr_values: tuple[str, ...] = ()
    second_factor: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _asks_soundly(self) -> "IdentityProvider":
        if "openid" not in self.scopes or not self.algorithms:
            raise ValueError(f"{self.id}: scopes 须含 openid，algorithms 不能为空")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    providers: tuple[IdentityProvider, ...]


def read(path: Path, *, production: bool) -> tuple[IdentityProvider, ...]:
    """Return the providers that a file names.

    Raises:
        ValueError: when something is wrong in it; in production also when an issuer is no https address.
    """
    providers = _File.model_validate_json(path.read_bytes()).providers
    if len({it.id for it in providers}) < len(providers) or len({it.issuer for it in providers}) < len(providers):
        raise ValueError("每个身份平台须有自己的 id 和 issuer")
    if production and any(urlsplit(it.issuer).scheme != "https" for it in providers):
        raise ValueError("生产环境的身份平台必须是 https 地址")
    return tuple(it.beside(path.parent) for it in providers)


def require_address(issuer: str) -> None:
    """Do nothing when `issuer` can name one; raises `ValueError`."""
    parts = urlsplit(issuer)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("issuer 应为不带查询参数的 http(s) 地址")

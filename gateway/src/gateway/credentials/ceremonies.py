"""What a browser and a passkey have to agree on (WebAuthn), by the library `webauthn`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.credentials.domain import Passkey, PasskeyRefused
from gateway.people.domain import Person

_NAME: Final = "一网通办"
_MALFORMED: Final = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)
"""What reading something that a browser sends may end with."""


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that a device has made.

    Attributes:
        backed_up: whether it may live in several places.
    """

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Used:
    """A signature that a device has made with a passkey."""

    sign_count: int
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """Whose passkey a device says it has used.

    Attributes:
        user: bytes of the person's id, as the device kept them.
    """

    credential_id: bytes
    user: bytes


def creation_options(issuer: str, person: Person, known: Iterable[Passkey], challenge: bytes) -> str:
    """Return, as JSON, what a browser asks a device to make: a key that the device finds by itself and guards."""
    return options_to_json(
        generate_registration_options(
            rp_id=_host(issuer),
            rp_name=_NAME,
            user_id=person.id.bytes,
            user_name=person.username,
            user_display_name=person.masked_name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=it.credential_id) for it in known],
        )
    )


def request_options(issuer: str, challenge: bytes) -> str:
    """Return, as JSON, what a browser asks a device to sign; the device knows for whom."""
    return options_to_json(
        generate_authentication_options(
            rp_id=_host(issuer), challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
    )


def created(issuer: str, challenge: bytes, credential: str) -> Made:
    """Return the passkey that a device has made for `challenge`; raises `PasskeyRefused`."""
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_host(issuer),
            expected_origin=issuer,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise PasskeyRefused from error
    copied = made.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    return Made(made.credential_id, made.credential_public_key, made.sign_count, copied)


def shown_by(credential: str) -> Shown:
    """Return whose passkey a device says it has used; raises `PasskeyRefused`."""
    try:
        told = json.loads(credential)
        return Shown(base64url_to_bytes(told["rawId"]), base64url_to_bytes(told["response"]["userHandle"]))
    except _MALFORMED as error:
        raise PasskeyRefused from error


def signed(issuer: str, challenge: bytes, credential: str, passkey: Passkey) -> Used:
    """Return the signature of a passkey on `challenge`; raises `PasskeyRefused`."""
    try:
        used = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_host(issuer),
            expected_origin=issuer,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise PasskeyRefused from error
    return Used(used.new_sign_count, used.credential_device_type is CredentialDeviceType.MULTI_DEVICE)


def _host(issuer: str) -> str:
    return urlsplit(issuer).hostname or ""

"""Servers that let nobody in without TLS and a password, as in production: for tests of every client."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from onestop_local.kafka import Kafka
from onestop_local.ports import LOOPBACK
from onestop_local.postgres import Postgres, as_ordinary_user

USER: Final = "onestop"
PASSWORD: Final = "only-for-tests"  # noqa: S105 - of a broker that lives for a test
_MECHANISM: Final = "SCRAM-SHA-512"
_LOGIN: Final = "org.apache.kafka.common.security.scram.ScramLoginModule required"


class Authority:
    """A certificate authority of a test.

    Attributes:
        file: its certificate (PEM), for who is to believe it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "ca.pem"
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("OneStop test authority")
        built = _builder(self._name, self._name, self._key).add_extension(x509.BasicConstraints(True, 0), critical=True)
        self.file.write_bytes(built.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def certify(self, host: str) -> tuple[Path, Path]:
        """Return the certificate (with the authority's) and the key of the server at an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_named(host), self._name, key)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        chain, secret = self._folder / f"{host}.crt", self._folder / f"{host}.key"
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + self.file.read_bytes())
        secret.touch(mode=0o600)
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return chain, secret


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)  # noqa: TID251 - a certificate of the machine's own day
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
    )


def secured_kafka(folder: Path, authority: Authority) -> Kafka:
    """Return a broker, not yet started, that clients reach over TLS and with a password (SCRAM-SHA-512) only."""
    chain, secret = authority.certify(LOOPBACK)
    keystore = folder / "broker.pem"
    keystore.touch(mode=0o600)
    keystore.write_text(secret.read_text() + chain.read_text())
    listeners = "SASL_SSL://{host}:{broker},CONTROLLER://{host}:{controller}"
    settings = {
        "listeners": listeners,
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "SASL_SSL",
        "sasl.enabled.mechanisms": _MECHANISM,
        "sasl.mechanism.inter.broker.protocol": _MECHANISM,
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f'{_LOGIN} username="{USER}" password="{PASSWORD}";',
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "ssl.enabled.protocols": "TLSv1.3",
    }
    password = ("--add-scram", f"{_MECHANISM}=[name={USER},password={PASSWORD}]")
    return Kafka(folder / "kafka", settings, ("--standalone", *password))


def secure_postgres(server: Postgres, authority: Authority) -> None:
    """Have a server that has been started once let nobody in without TLS and a password."""
    for source, name, mode in zip(
        authority.certify(LOOPBACK), ("server.crt", "server.key"), (0o644, 0o600), strict=True
    ):
        kept = server.data / name
        shutil.copy(source, kept)
        kept.chmod(mode)
        if as_ordinary_user()[:1] == ("setpriv",):
            owner = server.data.stat()
            os.chown(kept, owner.st_uid, owner.st_gid)
    (server.data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
    with (server.data / "postgresql.auto.conf").open("a") as configuration:
        configuration.write("ssl = on\nssl_min_protocol_version = 'TLSv1.3'\n")

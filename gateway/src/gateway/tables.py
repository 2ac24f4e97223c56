"""All tables of the gateway: importing this fills `metadata`."""

from gateway.metadata import metadata

__all__ = ["metadata"]

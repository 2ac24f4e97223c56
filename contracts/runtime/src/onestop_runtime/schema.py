"""Create and drop the runtime tables from a service migration."""

from onestop_runtime.tables import (
    downgrade_holding,
    downgrade_runtime,
    downgrade_storage,
    metadata,
    upgrade_holding,
    upgrade_runtime,
    upgrade_storage,
)

__all__ = [
    "downgrade_holding",
    "downgrade_runtime",
    "downgrade_storage",
    "metadata",
    "upgrade_holding",
    "upgrade_runtime",
    "upgrade_storage",
]

"""Create and drop the runtime tables from a service migration."""

from onestop_runtime.tables import downgrade_holding, downgrade_runtime, metadata, upgrade_holding, upgrade_runtime

__all__ = ["downgrade_holding", "downgrade_runtime", "metadata", "upgrade_holding", "upgrade_runtime"]

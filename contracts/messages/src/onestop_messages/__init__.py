"""What the services tell each other: event models, the source of the published schemas.

One module per publishing service. A model is frozen, ignores fields it does not know (additive changes are
allowed within a version) and names its CloudEvents type and its topic. `EVENTS` lists every model by type.
"""

from onestop_messages import catalog, credit, datashare, gateway, intake, workflow
from onestop_messages.base import Event

EVENTS: dict[str, type[Event]] = {
    model.TYPE: model
    for module in (gateway, catalog, intake, workflow, datashare, credit)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, Event) and hasattr(model, "TYPE")
}

__all__ = ["EVENTS", "Event"]

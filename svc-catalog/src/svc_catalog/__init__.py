"""Items, guides, regions and agencies of the zone."""

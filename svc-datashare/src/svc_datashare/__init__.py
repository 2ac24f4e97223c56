"""Resources, grants and the exchange of data between departments."""

"""Event models: the source of the schemas the services promise each other."""

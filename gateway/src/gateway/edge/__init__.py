"""The edge: what passes between the outside and the services, and the documentation of all of them.

`Edge` (in `gateway.edge.app`) stands around the rest of the gateway. A request under `/api/<service>/v1/` is
streamed to its service; `/openapi.json`, `/docs` and `/problems/…` describe all services; everything else goes
inwards.
"""

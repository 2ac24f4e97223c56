"""Entry point: `python -m svc_catalog`."""

from onestop_runtime.service import run
from svc_catalog.main import SERVICE

run(SERVICE)

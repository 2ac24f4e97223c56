"""Entry point: `python -m svc_credit`."""

from onestop_runtime.service import run
from svc_credit.main import SERVICE

run(SERVICE)

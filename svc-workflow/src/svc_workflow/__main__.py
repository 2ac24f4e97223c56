"""Entry point: `python -m svc_workflow`."""

from onestop_runtime.service import run
from svc_workflow.main import SERVICE

run(SERVICE)

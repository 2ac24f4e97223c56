"""`python -m svc_intake [serve|migrate|seed|prepare|openapi]`."""

from onestop_runtime.service import run
from svc_intake.main import SERVICE

run(SERVICE)

"""`python -m svc_datashare [serve|migrate|seed|prepare|openapi]`."""

from onestop_runtime.service import run
from svc_datashare.main import SERVICE

run(SERVICE)

"""`python -m gateway [serve|migrate|seed|prepare|openapi]`."""

from gateway.main import SERVICE
from onestop_runtime.service import run

run(SERVICE)

"""The reference of P4: a FastAPI route that returns a constant as large as the guide."""

import json
import os
from pathlib import Path
from typing import Any

from fastapi import FastAPI

CONSTANT: dict[str, Any] = json.loads(Path(os.environ["ONESTOP_BENCH_CONSTANT"]).read_text())
app = FastAPI()


@app.get("/constant")
async def constant() -> dict[str, Any]:
    """Return the constant."""
    return CONSTANT

"""The same API on FastAPI."""

import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ok", "pid": os.getpid()}

"""A FastAPI app with one page."""

import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ok", "pid": os.getpid(), "secret": "SECRET_KEY" in os.environ}

"""The same routes on FastAPI: `JOBS=file uvicorn fastapi_app:app`; the file is the answer encoded for each request."""

import os
import pathlib

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel


class Small(BaseModel):
    id: int
    name: str
    status: str


class Job(BaseModel):
    id: str
    name: str
    stream: str
    streamId: str
    workstation: str
    folder: str
    engine: str
    status: str
    internalStatus: str
    substatus: str | None = None
    returnCode: int | None = None
    run: int
    runId: str | None = None
    priority: int
    scheduledAt: str | None = None
    startedAt: str | None = None
    endedAt: str | None = None
    estimatedSeconds: float | None = None
    elapsedSeconds: float | None = None
    deadlineAt: str | None = None
    critical: bool
    late: bool
    held: bool
    canceled: bool
    changedAt: str


class Freshness(BaseModel):
    source: str
    fetchedAt: str
    ageSeconds: float
    stale: bool


class Position(BaseModel):
    epoch: str
    offset: int


class Page(BaseModel):
    items: list[Job]
    nextCursor: str
    total: int
    freshness: Freshness
    position: Position


PAGE = Page.model_validate_json(pathlib.Path(os.environ["JOBS"]).read_bytes())

app = FastAPI()


@app.get("/static", response_class=PlainTextResponse)
async def static() -> str:
    return "Hello, World!"


@app.get("/json/{id}")
async def small(id: int) -> Small:
    return Small(id=id, name="LOAD_7", status="RUNNING")


@app.get("/jobs", response_model_exclude_none=True)
async def jobs() -> Page:
    return PAGE

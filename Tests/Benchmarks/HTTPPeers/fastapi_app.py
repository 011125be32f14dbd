"""The same routes on FastAPI: `uvicorn fastapi_app:app`."""

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
    run: int
    priority: int
    scheduledAt: str
    startedAt: str
    estimatedSeconds: int
    critical: bool
    late: bool
    held: bool
    canceled: bool
    changedAt: str


class Page(BaseModel):
    items: list[Job]
    nextCursor: str
    total: int


JOBS = [
    Job(
        id=f"default~{1000 + number}",
        name=f"LOAD_{number}",
        stream=f"NIGHTLY_{number // 4}",
        streamId=f"{number // 4}",
        workstation=f"AGENT_{number % 3}",
        folder="/finance/daily",
        engine="default",
        status="RUNNING",
        internalStatus="EXEC",
        run=1,
        priority=10 + number,
        scheduledAt="2026-01-15T05:52:00Z",
        startedAt="2026-01-15T05:53:10Z",
        estimatedSeconds=60 * number,
        critical=number % 5 == 0,
        late=False,
        held=False,
        canceled=False,
        changedAt="2026-01-15T05:53:10Z",
    )
    for number in range(20)
]

app = FastAPI()


@app.get("/static", response_class=PlainTextResponse)
async def static() -> str:
    return "Hello, World!"


@app.get("/json/{id}")
async def small(id: int) -> Small:
    return Small(id=id, name="LOAD_7", status="RUNNING")


@app.get("/jobs")
async def jobs() -> Page:
    return Page(items=JOBS, nextCursor="MjA", total=4711)

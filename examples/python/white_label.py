"""An API of your own over the gateway: `uvicorn white_label:app`.

Your users call you, with your paths and prompts; what the SDK gives is what FastAPI
serves, and its stream goes on as it comes.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from headgate_sdk import AsyncHeadgate
from headgate_sdk.types import ChatCompletion

MODEL = "mock/echo"
PROMPT = "You are Kettle, the voice of Kettle & Sons."


class Question(BaseModel):
    """What a user asks."""

    text: str
    session: str | None = None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold one client for all requests."""
    async with AsyncHeadgate() as client:
        app.state.gateway = client
        yield


app = FastAPI(title="Kettle & Sons", lifespan=lifespan)


@app.post("/ask")
async def ask(question: Question, request: Request) -> ChatCompletion:
    """Answer in one piece."""
    gateway: AsyncHeadgate = request.app.state.gateway
    client = gateway.trace(session_id=question.session, agent_name="kettle")
    chat = client.chat.completions.builder(MODEL).system(PROMPT).user(question.text)
    return await chat.execute()


@app.post("/ask/stream")
async def ask_in_pieces(question: Question, request: Request) -> StreamingResponse:
    """Answer as plain text, word by word."""
    gateway: AsyncHeadgate = request.app.state.gateway
    chat = gateway.chat.completions.builder(MODEL).system(PROMPT).user(question.text)

    async def text() -> AsyncIterator[str]:
        async with chat.stream() as stream:
            async for chunk in stream:
                for choice in chunk.choices:
                    yield choice.delta.content or ""

    return StreamingResponse(text(), media_type="text/plain")

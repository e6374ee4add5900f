from django.http import HttpRequest, HttpResponse
from ninja import Router
from prometheus_client.exposition import choose_encoder

from apps.core.metrics import registry

router = Router(tags=["Metrics"])
TEXT = {"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}}


@router.get("/metrics", summary="Figures for Prometheus", openapi_extra=TEXT)
def metrics(request: HttpRequest):
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry()), content_type=content_type)

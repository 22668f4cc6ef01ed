import os

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from starlette.types import Scope

from fastlayer import FastLayer, HTTPException
from fastlayer.telemetry import TelemetryConfig


def is_noise(scope: Scope) -> bool:
    return str(scope["path"]) in ("/health", "/openapi.json")


def create_app(config: TelemetryConfig) -> FastLayer:
    app = FastLayer(telemetry={"exclude": is_noise, **config})

    @app.get("/teas/{name}")
    def read_tea(name: str) -> dict[str, str]:
        if name == "coffee":
            raise HTTPException(404, "There is no coffee.")
        return {"name": name}

    @app.get("/health")
    async def health() -> None: ...

    return app


def main() -> FastLayer:
    """The application as it is served: `fastlayer run telemetry:main`."""
    provider = TracerProvider(resource=Resource.create({"service.name": "tea-shop"}))
    endpoint = os.environ.get("TRACES", "http://127.0.0.1:4318/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
    return create_app({"tracer_provider": provider})

"""The application, from the outside in."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from headgate_gateway.errors import GatewayError
from headgate_gateway.gateway import Gateway
from headgate_gateway.http.call import Handler
from headgate_gateway.http.edge import RequestEdge
from headgate_gateway.http.operations import metrics_endpoint, operation_paths
from headgate_gateway.http.routing import PathRouter
from headgate_gateway.routes import (
    admin,
    approvals,
    audit,
    cache,
    chat,
    credentials,
    embeddings,
    health,
    keys,
    messages,
    models,
    policies,
    projects,
    protocols,
    proxy,
    resilience,
    runs,
    services,
    tokens,
    usage,
    webhooks,
    workspaces,
)

HANDLERS: Mapping[str, Handler] = {
    **messages.HANDLERS,
    **chat.HANDLERS,
    **embeddings.HANDLERS,
    **tokens.HANDLERS,
    **usage.HANDLERS,
    **webhooks.HANDLERS,
    **protocols.HANDLERS,
    **resilience.HANDLERS,
    **cache.HANDLERS,
    **runs.HANDLERS,
    **workspaces.HANDLERS,
    **models.HANDLERS,
    **admin.HANDLERS,
    **projects.HANDLERS,
    **keys.HANDLERS,
    **credentials.HANDLERS,
    **services.HANDLERS,
    **approvals.HANDLERS,
    **policies.HANDLERS,
    **audit.HANDLERS,
    **proxy.HANDLERS,
    **health.HANDLERS,
}
"""The handler of every operation of the specification."""


def create_app(gateway: Gateway) -> ASGIApp:
    """The whole application: request ids and log, errors as envelopes, the routes."""
    paths = operation_paths(gateway, HANDLERS)
    if gateway.settings.metrics:
        paths["/metrics"] = metrics_endpoint(gateway)
    app: ASGIApp = PathRouter(paths, default=_unknown_route)
    app = RequestEdge(
        app, metrics=gateway.metrics, drain=gateway.drain, audit=gateway.audit
    )
    gateway.approvals.serve(app)
    return app


async def _unknown_route(scope: Scope, receive: Receive, send: Send) -> None:
    raise GatewayError("not_found", "There is no such route.")

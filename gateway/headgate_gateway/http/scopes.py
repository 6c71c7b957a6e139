"""What a key may do beside asking models."""

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.call import Call


def require_scope(call: Call, scope: str) -> None:
    """403 when the caller's key lacks the scope."""
    if not call.caller.has_scope(scope):
        raise GatewayError(
            "scope_missing",
            f"The key lacks the scope {scope}.",
            details={"scope": scope},
        )

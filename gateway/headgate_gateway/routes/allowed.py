"""Which models a caller may ask for."""

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.call import Call
from headgate_gateway.providers.catalogue import Resolved


def allowed_model(call: Call, name: str, *, param: str) -> Resolved:
    """The model with this id or alias; 403 when the key may not use it."""
    resolved = call.gateway.catalogue.resolve(name, param=param)
    patterns = call.caller.allowed_models
    if patterns is not None and not any(
        _covers(pattern, resolved.id) for pattern in patterns
    ):
        raise GatewayError(
            "model_not_allowed", "The key may not ask for this model.", param=param
        )
    return resolved


def _covers(pattern: str, model: str) -> bool:
    provider, _, rest = pattern.partition("/")
    if rest == "*":
        return model.startswith(f"{provider}/")
    return pattern == model

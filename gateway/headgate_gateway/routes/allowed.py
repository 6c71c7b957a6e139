"""Which models a caller may ask for."""

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.call import Call
from headgate_gateway.principals import Principal
from headgate_gateway.providers.catalogue import Resolved


def allowed_model(call: Call, name: str, *, param: str) -> Resolved:
    """The model with this id or alias; 403 when the key may not use it."""
    resolved = call.gateway.catalogue.resolve(name, param=param)
    if not may_use(call.caller, resolved.id):
        raise GatewayError(
            "model_not_allowed", "The key may not ask for this model.", param=param
        )
    call.facts.model = resolved.id
    return resolved


def may_use(caller: Principal, model: str) -> bool:
    """Whether the caller's key opens the model with this id."""
    patterns = caller.allowed_models
    return patterns is None or any(_covers(pattern, model) for pattern in patterns)


def _covers(pattern: str, model: str) -> bool:
    provider, _, rest = pattern.partition("/")
    if rest == "*":
        return model.startswith(f"{provider}/")
    return pattern == model

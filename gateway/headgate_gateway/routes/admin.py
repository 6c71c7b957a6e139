"""The administration itself, for the operator."""

from collections.abc import Mapping

from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler


async def whoami(call: Call) -> Answer:
    """What the caller's admin key may do, and where it comes from."""
    return json_answer(
        {
            "object": "admin_identity",
            "role": "admin",
            "scopes": list(call.caller.scopes),
            "source": "settings" if call.caller.digest is None else "store",
        }
    )


HANDLERS: Mapping[str, Handler] = {"admin.whoami": whoami}

"""What is wrong with a policy, all of it at once."""

from headgate_gateway.errors import GatewayError


class Problems:
    """Gathers faults by the JSON Pointers of their places."""

    def __init__(self) -> None:
        self._found: list[dict[str, str]] = []

    def add(self, at: str, message: str) -> None:
        """Note a fault."""
        self._found.append({"pointer": at, "message": message})

    def raise_any(self) -> None:
        """422 with all faults, if there are any."""
        if self._found:
            first = self._found[0]
            raise GatewayError(
                "invalid_config",
                f"The policy does not compile: {first['message']}",
                param=first["pointer"].removeprefix("/"),
                details={"problems": self._found},
            )

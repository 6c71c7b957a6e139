"""What belongs to no operation: errors, servers, credentials, webhooks, names."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.diff.changes import Changes
from headgate.diff.types import Spot, TypeComparison
from headgate.diff.values import quoted
from headgate.document import Document
from headgate.document.json_values import Tokens
from headgate.errors import Location
from headgate.ir.api import Api, ErrorClass, SecurityScheme, Server


@dataclass(frozen=True, slots=True)
class Sides:
    """The two documents, for places that the IR does not keep."""

    before: Document
    after: Document

    def at(self, *tokens: str) -> tuple[Location, Location]:
        """Find a place in both, or what is around it."""
        return self.between(tokens, tokens)

    def between(self, old: Tokens, new: Tokens) -> tuple[Location, Location]:
        """Find a place in the old document and another one in the new."""
        return self.before.locate_tokens(old), self.after.locate_tokens(new)


@dataclass(frozen=True, slots=True)
class ServiceComparison:
    """Compares what two APIs say about themselves as a whole."""

    types: TypeComparison
    changes: Changes
    sides: Sides

    def compare(self, old: Api, new: Api) -> None:
        """Compare everything but operations and streams."""
        self._compare_servers(old, new)
        self._compare_schemes(old, new)
        self._compare_errors(old, new)
        self._compare_webhooks(old, new)
        self._compare_constructors(old, new)

    def _compare_servers(self, old: Api, new: Api) -> None:
        was, now = self.sides.at("servers")
        if old.base_url != new.base_url:
            message = f"the address is {new.base_url} now, {old.base_url} before"
            self.changes.note("server-changed", "risky", message, old=was, new=now)
        before = {server.template: server for server in old.servers}
        after = {server.template: server for server in new.servers}
        for template in before.keys() - after.keys():
            message = f"the server {quoted(template)} is gone"
            self.changes.note("server-removed", "risky", message, old=was, new=now)
        for template in after.keys() - before.keys():
            message = f"the server {quoted(template)} is new"
            self.changes.note("server-added", "safe", message, old=was, new=now)
        for template in before.keys() & after.keys():
            if _variables(before[template]) != _variables(after[template]):
                message = f"the variables of the server {quoted(template)} changed"
                self.changes.note("server-changed", "risky", message, old=was, new=now)

    def _compare_schemes(self, old: Api, new: Api) -> None:
        before = {scheme.name: scheme for scheme in old.schemes}
        after = {scheme.name: scheme for scheme in new.schemes}
        for name, scheme in before.items():
            other = after.get(name)
            what = f"the credential {quoted(name)}"
            if other is None:
                self.changes.note(
                    "credential-removed",
                    "breaking",
                    f"{what} is gone",
                    old=scheme.location,
                    new=None,
                )
            elif _sent_as(scheme) != _sent_as(other):
                message = (
                    f"{what} is sent as {_sent_as(other)}, before {_sent_as(scheme)}"
                )
                places = {"old": scheme.location, "new": other.location}
                self.changes.note("credential-changed", "breaking", message, **places)
        for name, scheme in after.items():
            if name not in before:
                message = f"the credential {quoted(name)} is new"
                new_at = scheme.location
                self.changes.note("credential-added", "safe", message, new=new_at)

    def _compare_errors(self, old: Api, new: Api) -> None:
        was, now = self.sides.at("x-errors")
        if (old.errors.at, old.errors.fields) != (new.errors.at, new.errors.fields):
            message = "errors are read from other fields of the body"
            self.changes.note(
                "error-body-changed", "breaking", message, old=was, new=now
            )
        before = {each.name: each for each in old.errors.classes}
        after = {each.name: each for each in new.errors.classes}
        for name in before.keys() - after.keys():
            message = f"the error class {name} is gone"
            self.changes.note("error-removed", "breaking", message, old=was, new=now)
        for name in after.keys() - before.keys():
            message = f"the error class {name} is new"
            self.changes.note("error-added", "safe", message, old=was, new=now)
        for name in before.keys() & after.keys():
            if _picked_by(before[name]) != _picked_by(after[name]):
                message = f"the error class {name} stands for other errors now"
                self.changes.note("error-changed", "risky", message, old=was, new=now)

    def _compare_webhooks(self, old: Api, new: Api) -> None:
        before = {each.id: each for each in old.webhooks}
        after = {each.id: each for each in new.webhooks}
        for name, each in before.items():
            what, other = f"the webhook {quoted(each.name)}", after.get(name)
            if other is None:
                message = f"{what} is gone"
                self.changes.note(
                    "webhook-removed", "breaking", message, old=each.location, new=None
                )
            else:
                spot = Spot(f"the body of {what}", each.location, other.location)
                self.types.compare(each.type, other.type, "received", spot)
        for name, each in after.items():
            if name not in before:
                message = f"the webhook {quoted(each.name)} is new"
                self.changes.note("webhook-added", "safe", message, new=each.location)

    def _compare_constructors(self, old: Api, new: Api) -> None:
        after = {each.name: each for each in new.content.constructors}
        for each in old.content.constructors:
            other = after.get(each.name)
            what = f"the function content.{each.name} of the SDKs"
            if other is None:
                message = f"{what} is gone"
                self.changes.note(
                    "constructor-removed",
                    "breaking",
                    message,
                    old=each.location,
                    new=None,
                )
            elif (each.type, each.arguments) != (other.type, other.arguments):
                places = {"old": each.location, "new": other.location}
                message = f"{what} takes or makes something else"
                self.changes.note("constructor-changed", "breaking", message, **places)


def _variables(server: Server) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.name, each.default, each.values) for each in server.variables]


def _sent_as(scheme: SecurityScheme) -> str:
    place = f" in {scheme.place} {scheme.parameter}" if scheme.place else ""
    return f"{scheme.kind}{place} (option {scheme.option})"


def _picked_by(each: ErrorClass) -> tuple[object, ...]:
    details = [(detail.name, detail.type) for detail in each.details]
    return (each.parent, each.statuses, each.types, each.codes, details)

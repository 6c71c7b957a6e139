"""Who is calling: from the credential of a request to a principal."""

import hmac
from dataclasses import dataclass, field
from typing import Literal

from starlette.requests import Request

from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.keys import Hasher
from headgate_gateway.lookups import Lookups
from headgate_gateway.settings import AuthMode
from headgate_gateway.store.keys import KeyStore, SecretOwner

_ALL = ("*",)
"""The scopes of callers who are the operator's own."""

Kind = Literal["key", "admin", "anonymous"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, and for which project."""

    kind: Kind
    project_id: str
    key_id: str | None = None
    allowed_models: tuple[str, ...] | None = None
    allowed_services: tuple[str, ...] | None = None
    upstream_url: str | None = None
    log_level: str = "metadata"
    credential_id: str | None = None
    scopes: tuple[str, ...] = ()
    rate_limit: tuple[int, int] | None = None
    """Requests, and the seconds that they are for."""
    max_concurrent: int | None = None
    digest: bytes | None = field(default=None, repr=False)
    """The hash of the secret that was used; None where none can be revoked."""

    def has_scope(self, scope: str) -> bool:
        """Whether the caller may do this, ``resource:action``."""
        resource, _, _ = scope.partition(":")
        return bool({"*", f"{resource}:*", scope} & set(self.scopes))

    @property
    def scope(self) -> str:
        """Whose idempotency keys these are."""
        return self.key_id or f"{self.kind}:{self.project_id}"


class Authenticator:
    """Finds the principal of a request, or refuses it."""

    def __init__(
        self,
        store: KeyStore,
        hasher: Hasher,
        *,
        mode: AuthMode,
        default_project: str,
        admin_secret: str,
        api_secret: str,
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._mode = mode
        self._default_project = default_project
        self._configured = [
            (hasher.digest(secret), _Known(owner, self._principal(owner)))
            for secret, owner in (
                (admin_secret, SecretOwner(kind="admin")),
                (api_secret, SecretOwner(kind="key")),
            )
            if secret
        ]
        self._known = Lookups(self._look_up)
        self.used: set[str] = set()
        """Ids of keys used since someone last looked."""

    def forget(self) -> None:
        """Believe nothing that was looked up before; called when a key changes here."""
        self._known.forget_all()

    async def gateway_caller(self, request: Request) -> Principal:
        """The principal of a gateway-key operation."""
        if self._mode == "disabled":
            return Principal("anonymous", self._default_project, scopes=_ALL)
        secret = _bearer(request)
        if secret is None:
            if request.headers.get("x-admin-key"):
                raise _forbidden(
                    "This route needs a gateway key; an admin key will not do."
                )
            if self._mode == "optional":
                return Principal("anonymous", self._default_project, scopes=_ALL)
            raise _missing('Send a gateway key as "Authorization: Bearer ...".')
        digest = self._hasher.digest(secret)
        known = self._believed(digest) or await self._looked_up(digest)
        good_owner(known.owner)
        if known.owner.kind != "key":
            raise _forbidden(
                "This route needs a gateway key; an admin key will not do."
            )
        if known.owner.key_id is not None:
            self.used.add(known.owner.key_id)
        return known.principal

    async def admin_caller(self, request: Request) -> Principal:
        """The principal of an admin operation, which is never anonymous."""
        secret = request.headers.get("x-admin-key") or _bearer(request)
        if secret is None:
            raise _missing('Send an admin key as "X-Admin-Key: ...".')
        digest = self._hasher.digest(secret)
        known = self._believed(digest) or await self._looked_up(digest)
        good_owner(known.owner)
        if known.owner.kind != "admin":
            raise _forbidden("This route needs an admin key.")
        return known.principal

    @staticmethod
    def check(request: Request, secret: str) -> None:
        """401 unless the request carries this very secret."""
        given = _bearer(request)
        if given is None:
            raise _missing('Send its key as "Authorization: Bearer ...".')
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise _unauthorized("key_invalid", "The key is not known.")

    async def principal_again(self, key_id: str | None, *, kind: str) -> Principal:
        """Who asked some time ago, if the key that was used is still good."""
        if key_id is None:
            who: Kind = "anonymous" if kind == "anonymous" else "key"
            return Principal(who, self._default_project, scopes=_ALL)
        owner = good_owner(await self._store.find_key(key_id))
        self.used.add(key_id)
        return self._principal(owner)

    def _principal(self, owner: SecretOwner) -> Principal:
        if owner.kind == "admin":
            return Principal(
                "admin", self._default_project, scopes=_ALL, digest=owner.digest
            )
        if owner.key_id is None:
            return Principal("key", self._default_project, scopes=_ALL)
        return Principal(
            "key",
            owner.project_id or "",
            owner.key_id,
            allowed_models=_names(owner.allowed_models),
            allowed_services=_names(owner.allowed_services),
            upstream_url=owner.upstream_url,
            log_level=owner.log_level,
            credential_id=owner.credential_id,
            scopes=tuple(owner.scopes),
            rate_limit=owner.rate_limit,
            max_concurrent=owner.max_concurrent,
            digest=owner.digest,
        )

    def _believed(self, digest: bytes) -> "_Known | None":
        """What needs no look-up, or was looked up a moment ago."""
        for configured, operators in self._configured:
            if hmac.compare_digest(configured, digest):
                return operators
        found = self._known.believed(digest)
        return None if found is None else found.value

    async def _looked_up(self, digest: bytes) -> "_Known":
        known = await self._known.get(digest)
        if known is None:
            raise _unauthorized("key_invalid", "The key is not known.")
        return known

    async def _look_up(self, digest: bytes) -> "_Known | None":
        owner = await self._store.find_secret(digest)
        return None if owner is None else _Known(owner, self._principal(owner))


@dataclass(frozen=True, slots=True)
class _Known:
    """What was looked up of a secret, made ready for those who send it."""

    owner: SecretOwner
    principal: Principal


def good_owner(owner: SecretOwner | None) -> SecretOwner:
    """The owner of a secret that may be used; 401 for any other."""
    if owner is None:
        raise _unauthorized("key_invalid", "The key is not known.")
    if owner.status == "revoked":
        raise _unauthorized("key_revoked", "The key was revoked.")
    if owner.valid_until is not None and owner.valid_until <= now_ms():
        raise _unauthorized("key_invalid", "The key has expired.")
    return owner


def _names(listed: list[str] | None) -> tuple[str, ...] | None:
    return None if listed is None else tuple(listed)


def _bearer(request: Request) -> str | None:
    """The bearer token; None without one. Another scheme is an unknown key."""
    header = request.headers.get("authorization")
    if header is None:
        return request.headers.get("x-api-key")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized(
            "key_invalid", "The Authorization header is not a bearer token."
        )
    return token.strip()


def _unauthorized(code: str, message: str) -> GatewayError:
    return GatewayError(
        code, message, headers={"WWW-Authenticate": 'Bearer realm="headgate"'}
    )


def _missing(message: str) -> GatewayError:
    return _unauthorized("key_missing", message)


def _forbidden(message: str) -> GatewayError:
    return GatewayError("scope_missing", message)

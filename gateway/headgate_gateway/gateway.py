"""Everything behind the routes, put together once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from headgate_gateway.admin_keys import FirstSecrets, first_secrets
from headgate_gateway.approvals.desk import ApprovalDesk
from headgate_gateway.approvals.tools import ToolApprovals
from headgate_gateway.audit.trail import AuditTrail
from headgate_gateway.clock import now_ms
from headgate_gateway.dispatch.breaker import Threshold
from headgate_gateway.dispatch.dispatcher import Dispatcher
from headgate_gateway.dispatch.meter import Meter
from headgate_gateway.dispatch.upstreams import Upstreams
from headgate_gateway.drain import Drain
from headgate_gateway.http.body import Bounds
from headgate_gateway.http.ending import KeyWatch
from headgate_gateway.http.limits import Limits
from headgate_gateway.http.room import Room
from headgate_gateway.ids import new_id
from headgate_gateway.keys import Hasher
from headgate_gateway.metrics import Metrics
from headgate_gateway.opening import open_store
from headgate_gateway.outbound.client import OutboundClient
from headgate_gateway.outbound.guard import AddressGuard, networks
from headgate_gateway.policies.engine import PolicyEngine
from headgate_gateway.principals import Authenticator
from headgate_gateway.providers.catalogue import Catalogue
from headgate_gateway.providers.http import UpstreamClient
from headgate_gateway.providers.manifest import load_manifests
from headgate_gateway.providers.mock import MockProvider
from headgate_gateway.providers.protocols import Protocols
from headgate_gateway.providers.upstream import UpstreamProvider
from headgate_gateway.runs.engine import RunEngine
from headgate_gateway.runs.follow import Followers
from headgate_gateway.runs.log import EventLog
from headgate_gateway.runs.takeover import Takeover
from headgate_gateway.settings import Settings
from headgate_gateway.specification import Specification, load_specification
from headgate_gateway.starts import Starts
from headgate_gateway.store.approvals import ApprovalStore
from headgate_gateway.store.audit import AuditStore
from headgate_gateway.store.cache import CacheStore
from headgate_gateway.store.credentials import CredentialStore
from headgate_gateway.store.database import Database
from headgate_gateway.store.idempotency import IdempotencyStore
from headgate_gateway.store.instances import InstanceStore
from headgate_gateway.store.keys import KeyStore
from headgate_gateway.store.limits import LimitStore
from headgate_gateway.store.policies import PolicyStore
from headgate_gateway.store.projects import ProjectStore
from headgate_gateway.store.protocols import ProtocolStore
from headgate_gateway.store.runs import RunStore
from headgate_gateway.store.services import ServiceStore
from headgate_gateway.store.sums import UsageSums
from headgate_gateway.store.usage import UsageStore
from headgate_gateway.store.webhooks import WebhookStore
from headgate_gateway.store.workspaces import WorkspaceStore
from headgate_gateway.streaming import Sending
from headgate_gateway.tools.toolbox import offline_tools
from headgate_gateway.vault import Vault, load_master_keys
from headgate_gateway.webhooks.secrets import Keyring
from headgate_gateway.webhooks.sender import WebhookSender
from headgate_gateway.webhooks.telling import Teller
from headgate_gateway.workspaces.follow import WorkspaceFollowers

_HOUSEKEEPING = 60.0
"""How often old events and idempotency keys are deleted, in seconds."""

_LONGEST_WINDOW_MS = 31 * 86_400_000
"""The longest window of a policy's rate limit."""

_KEYS = 0.5
"""How soon what a revoked key has open ends, in seconds."""

_LAST_EVENTS = 1.0
"""How long the last events of cancelled runs may take to their readers."""

_log = structlog.get_logger("headgate_gateway")


@dataclass(slots=True, kw_only=True)
class Gateway:
    """The parts that handlers work with."""

    settings: Settings
    specification: Specification
    database: Database
    instances: InstanceStore
    projects: ProjectStore
    keys: KeyStore
    key_watch: KeyWatch
    credentials: CredentialStore
    vault: Vault
    services: ServiceStore
    outbound: OutboundClient
    approval_store: ApprovalStore
    approvals: ApprovalDesk
    policy_store: PolicyStore
    policies: PolicyEngine
    audit_store: AuditStore
    audit: AuditTrail
    usage: UsageStore
    usage_sums: UsageSums
    meter: Meter
    dispatcher: Dispatcher
    limits: Limits
    room: Room
    starts: Starts
    sending: Sending
    limit_store: LimitStore
    cache: CacheStore
    runs: RunStore
    workspaces: WorkspaceStore
    workspace_followers: WorkspaceFollowers
    webhooks: WebhookStore
    webhook_keyring: Keyring
    webhook_sender: WebhookSender
    teller: Teller
    idempotency: IdempotencyStore
    hasher: Hasher
    authenticator: Authenticator
    catalogue: Catalogue
    protocols: Protocols
    upstream: UpstreamClient
    guarded_upstream: UpstreamClient
    log: EventLog
    engine: RunEngine
    followers: Followers
    takeover: Takeover
    metrics: Metrics
    drain: Drain
    default_project: str
    """The project of callers without a key of their own."""
    first_secrets: FirstSecrets | None = None
    """The keys made on the very first start; they are shown once."""
    cuts: dict[str, set[int]] = field(default_factory=dict[str, set[int]])
    """Where runs' scripts ask for connections to be broken off, by run."""
    body_bounds: Bounds = field(init=False)
    """What the body of every request has to keep to."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def __post_init__(self) -> None:
        """Make ready what every request asks for."""
        settings = self.settings
        self.body_bounds = Bounds(settings.max_body_bytes, settings.receive_timeout)

    async def start(self) -> None:
        """Take up work."""
        await self.instances.renew()
        self.log.start()
        self.audit.start()
        self.meter.start()
        self.webhook_sender.start()
        self._tasks = [
            asyncio.create_task(_every(seconds, work))
            for seconds, work in (
                (self.settings.lease / 5, self._keep_alive),
                (self.settings.lease / 5, self._take_up_runs),
                (self.settings.lease / 5, self._go_on_with_approvals),
                (_KEYS, self.key_watch.look),
                (_HOUSEKEEPING, self._keep_house),
            )
        ]

    async def stop(self) -> None:
        """Let go of everything; runs that are still at work are left to others."""
        await self.engine.release_all()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self.approvals.stop()
        await self.webhook_sender.stop()
        await self.log.stop()
        await self.meter.stop()
        await self.upstream.close()
        await self.guarded_upstream.close()
        await self.outbound.close()
        await self.audit.stop()
        await self.instances.retire()
        await self.database.close()

    async def begin_drain(self) -> None:
        """Take nothing new; return when running work has ended or its grace is over."""
        self.drain.begun.set()
        deadline = time.monotonic() + self.settings.drain_grace
        await self.engine.idle_within(self.settings.drain_grace)
        if await self.drain.idle_within(max(deadline - time.monotonic(), 0)):
            return
        self.drain.forced.set()
        await self.engine.release_all()
        await self.drain.idle_within(_LAST_EVENTS)
        self.drain.cut.set()

    async def _keep_alive(self) -> None:
        """Renew the lease, hear of cancels asked elsewhere, note keys that are used."""
        await self.instances.renew()
        for run_id, _ in await self.runs.asked_to_cancel():
            self.engine.cancel_here(run_id)
        await self._note_used_keys()
        await self.protocols.refresh()

    async def _take_up_runs(self) -> None:
        """Carry on what dead processes left, unless this one is about to go too."""
        if not self.drain.begun.is_set():
            await self.takeover.bury_the_dead()
            await self.takeover.take_up_idle()

    async def _go_on_with_approvals(self) -> None:
        if not self.drain.begun.is_set():
            await self.approvals.go_on()

    async def _keep_house(self) -> None:
        """Delete what is kept for a time only."""
        retention_ms = int(self.settings.events_retention * 1000)
        await self.runs.trim(completed_before=now_ms() - retention_ms)
        await self.workspaces.trim(ended_before=now_ms() - retention_ms)
        await self.idempotency.forget_expired()
        await self.usage.forget_lost()
        await self.limit_store.forget_dead()
        await self.cache.forget_expired()
        await self.vault.reseal_old()
        await self.policy_store.forget_windows(before=now_ms() - _LONGEST_WINDOW_MS)
        audited_ms = int(self.settings.audit_retention * 1000)
        await self.audit_store.trim(created_before=now_ms() - audited_ms)
        await self.webhooks.trim(created_before=now_ms() - audited_ms)
        await self.webhook_keyring.reseal_old()

    async def _note_used_keys(self) -> None:
        used, self.authenticator.used = self.authenticator.used, set()
        if used:
            await self.keys.touch(used)


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do some work again and again; what fails is tried the next time."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - it is tried again soon
            name = getattr(work, "__name__", "work")
            _log.warning("routine_failed", routine=name, error=type(error).__name__)
        await asyncio.sleep(seconds)


async def open_gateway(settings: Settings) -> Gateway:
    """A gateway over its store, brought to the current schema, not yet at work."""
    database, hasher = await open_store(settings)
    instance = new_id("inst")
    audit_store = AuditStore(database)
    policy_store = PolicyStore(database)
    approval_store = ApprovalStore(database, owner=instance)
    credentials = CredentialStore(database)
    vault = Vault(
        credentials,
        load_master_keys(settings, hasher),
        from_settings=settings.keys_by_provider,
    )
    window_ms = int(settings.idempotency_window * 1000)
    projects, keys = ProjectStore(database), KeyStore(database)
    default_project = await projects.ensure_default()
    authenticator = Authenticator(
        keys,
        hasher,
        mode=settings.auth_mode,
        default_project=default_project,
        admin_secret=settings.admin_key,
        api_secret=settings.api_key,
    )
    runs = RunStore(database, owner=instance, window_ms=window_ms)
    workspaces = WorkspaceStore(database)
    metrics, log = Metrics(), EventLog(runs)
    private = networks(settings.private_networks)
    guard = AddressGuard(private)
    upstream = UpstreamClient(AddressGuard(private, named=settings.base_urls.values()))
    outbound = OutboundClient(guard, idle=settings.upstream_idle)
    webhooks = WebhookStore(database)
    webhook_keyring = Keyring(webhooks, vault)
    guarded_upstream = UpstreamClient(guard)
    mock = MockProvider()
    catalogue = Catalogue(
        [mock],
        upstream_idle=settings.upstream_idle,
        aliases=settings.models_by_alias,
    )
    protocols = Protocols(
        ProtocolStore(database),
        catalogue,
        own=[mock],
        built_in=load_manifests(settings.base_urls),
        # Where the settings move a provider of the package they may move it inside.
        provider_of=lambda manifest: UpstreamProvider(
            manifest, upstream if manifest.updated_at is None else guarded_upstream
        ),
    )
    await protocols.refresh()
    lease_ms = int(settings.lease * 1000)
    instances = InstanceStore(database, instance=instance, lease_ms=lease_ms)
    usage = UsageStore(database)
    meter = Meter(usage)
    starts = Starts()
    dispatcher = Dispatcher(
        catalogue,
        usage,
        meter,
        upstreams=Upstreams(
            Threshold(
                failures=settings.breaker_failures,
                successes=settings.breaker_successes,
                cooldown=settings.breaker_cooldown,
            )
        ),
        most=settings.max_model_calls,
        starts=starts,
    )
    limit_store = LimitStore(database, instance=instance)
    policies = PolicyEngine(policy_store, meter.used_by)
    drain = Drain()
    approvals = ApprovalDesk(
        approval_store, authenticator, key=hasher.derive(b"approvals"), drain=drain
    )
    teller = Teller(webhooks)
    engine = RunEngine(
        log=log,
        store=runs,
        dispatcher=dispatcher,
        tools=offline_tools(),
        metrics=metrics,
        approvals=ToolApprovals(
            policies, approvals, approval_store, authenticator, teller
        ),
    )
    return Gateway(
        settings=settings,
        specification=load_specification(),
        database=database,
        instances=instances,
        projects=projects,
        keys=keys,
        key_watch=KeyWatch(keys),
        credentials=credentials,
        vault=vault,
        services=ServiceStore(database),
        approval_store=approval_store,
        approvals=approvals,
        policy_store=policy_store,
        policies=policies,
        audit_store=audit_store,
        audit=AuditTrail(audit_store),
        outbound=outbound,
        usage=usage,
        usage_sums=UsageSums(database),
        meter=meter,
        dispatcher=dispatcher,
        limits=Limits(limit_store),
        room=Room(
            most=settings.max_requests, most_of_one=settings.max_requests_per_key
        ),
        starts=starts,
        sending=Sending(
            metrics,
            starts,
            ping_interval=settings.ping_interval,
            stalled_reader=settings.stalled_reader,
        ),
        limit_store=limit_store,
        cache=CacheStore(
            database, most=settings.cache_entries, most_bytes=settings.cache_bytes
        ),
        runs=runs,
        workspaces=workspaces,
        workspace_followers=WorkspaceFollowers(workspaces),
        webhooks=webhooks,
        webhook_keyring=webhook_keyring,
        webhook_sender=WebhookSender(
            webhooks,
            webhook_keyring,
            outbound,
            attempts=settings.webhook_attempts,
            first_delay=settings.webhook_first_delay,
        ),
        teller=teller,
        idempotency=IdempotencyStore(database, owner=instance, window_ms=window_ms),
        hasher=hasher,
        authenticator=authenticator,
        catalogue=catalogue,
        protocols=protocols,
        upstream=upstream,
        guarded_upstream=guarded_upstream,
        log=log,
        engine=engine,
        followers=Followers(log, runs),
        takeover=Takeover(
            store=runs,
            instances=instances,
            engine=engine,
            catalogue=catalogue,
            vault=vault,
        ),
        metrics=metrics,
        drain=drain,
        default_project=default_project,
        first_secrets=await first_secrets(
            settings, keys, hasher, project_id=default_project
        ),
    )

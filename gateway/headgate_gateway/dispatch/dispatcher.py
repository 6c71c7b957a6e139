"""The one way to a model: nothing is asked that nobody pays for."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from types import TracebackType

from headgate_gateway.clock import now_ms
from headgate_gateway.dispatch.meter import Meter
from headgate_gateway.dispatch.money import dollars
from headgate_gateway.dispatch.payer import Payer
from headgate_gateway.dispatch.places import Places
from headgate_gateway.dispatch.terms import NO_TERMS, OwnBreakers, Terms
from headgate_gateway.dispatch.tries import Tries
from headgate_gateway.dispatch.upstreams import Upstreams
from headgate_gateway.dispatch.usage import Outcome, UsageCount, Used, least_cost
from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource
from headgate_gateway.json import JsonObject
from headgate_gateway.lookups import Lookups
from headgate_gateway.providers.catalogue import Catalogue, Resolved
from headgate_gateway.providers.embedding import Embedded, EmbeddingCall
from headgate_gateway.providers.keys import NO_KEYS, ProviderKeys
from headgate_gateway.providers.prices import cost_of
from headgate_gateway.providers.whole import Whole
from headgate_gateway.starts import Starts
from headgate_gateway.store.usage import Admission, UsageStore


class Dispatcher:
    """Asks models for those who pay, and keeps what that took."""

    def __init__(
        self,
        catalogue: Catalogue,
        store: UsageStore,
        meter: Meter,
        *,
        upstreams: Upstreams,
        starts: Starts,
        most: int = 0,
    ) -> None:
        self.upstreams = upstreams
        self.places = Places(most)
        self._starts = starts
        self._catalogue = catalogue
        self._store = store
        self._meter = meter
        self._terms = Lookups(store.terms)

    def forget(self, key_id: str) -> None:
        """Look again what a key is held to."""
        self._terms.forget(key_id)

    async def breakers_of(self, payer: Payer) -> OwnBreakers | None:
        """The breakers that a key has of its own."""
        return (await self._terms_of(payer)).breakers

    def is_left_alone(self, payer: Payer, resolved: Resolved) -> bool:
        """Whether a model's provider is left alone, by what is known of the key."""
        terms = self._known_terms(payer) or NO_TERMS
        return self.upstreams.is_left_alone(resolved, terms.breakers)

    async def stream(
        self,
        payer: Payer,
        resolved: Resolved,
        request: JsonObject,
        *,
        messages: Sequence[JsonObject],
        server_tools: Sequence[str] = (),
        keys: ProviderKeys = NO_KEYS,
        whole: bool = False,
        fallbacks: Sequence[Resolved] = (),
    ) -> EventSource:
        """One answer's events; what it used is kept however it ends.

        A model that cannot answer is followed by the next one, as long as nothing was
        said yet.
        """
        tries = Tries(payer, (resolved, *fallbacks))
        with self.places:
            reservation = await self._admit(
                payer, lambda: least_cost(resolved, request, messages)
            )
            count = UsageCount(request, messages)
            answering = resolved
            try:
                for answering in tries.models:
                    source = self._catalogue.stream(
                        answering,
                        request,
                        messages=messages,
                        server_tools=server_tools,
                        keys=keys,
                        whole=whole,
                    )
                    try:
                        with self._asked(payer, answering):
                            async with aclosing(source) as run:
                                async for batch in run:
                                    count.add(batch)
                                    yield batch
                        break
                    except GatewayError as error:
                        count.add_refused(error)
                        tries.failed(answering, error, begun=count.begun)
                else:
                    raise tries.exhausted()
            finally:
                if not self._metered(payer, answering, count, reservation):
                    await self._release(reservation)
        if reservation is not None:
            # The caller's next call, through whatever process, is to know of this one.
            await self._meter.flush()

    async def whole(
        self,
        payer: Payer,
        resolved: Resolved,
        request: JsonObject,
        *,
        messages: Sequence[JsonObject],
        keys: ProviderKeys = NO_KEYS,
        fallbacks: Sequence[Resolved] = (),
    ) -> Whole:
        """One answer that nobody reads along, asked for as ``stream`` does.

        Where every event is there before the first one is used, generators in each
        other cost more than what they do.
        """
        tries = Tries(payer, (resolved, *fallbacks))
        reservation: str | None = None
        with self.places:
            if self._known_terms(payer) is not NO_TERMS:
                reservation = await self._admit(
                    payer, lambda: least_cost(resolved, request, messages)
                )
            count = UsageCount(request, messages)
            answer = Whole()
            answering = resolved
            try:
                for answering in tries.models:
                    try:
                        with self._asked(payer, answering):
                            await self._catalogue.whole(
                                answering,
                                request,
                                messages=messages,
                                keys=keys,
                                into=answer,
                            )
                        break
                    except GatewayError as error:
                        count.add_refused(error)
                        tries.failed(answering, error, begun=answer.begun)
                else:
                    raise tries.exhausted()
            finally:
                count.add_whole(answer)
                if not self._metered(payer, answering, count, reservation):
                    await self._release(reservation)
        if reservation is not None:
            await self._meter.flush()
        return answer

    def _metered(
        self,
        payer: Payer,
        answering: Resolved,
        count: UsageCount,
        reservation: str | None,
    ) -> bool:
        """Whether a call has used something, which is written down."""
        if count.begun:
            outcome: Outcome = "complete" if count.ended else "broken"
            usage, cost = count.usage(), count.cost(answering.model)
            self._meter.record(
                Used(payer, answering, usage, cost, outcome, reservation, now_ms())
            )
        return count.begun

    async def _release(self, reservation: str | None) -> None:
        if reservation is not None:
            await self._store.release(reservation)

    def _asked(self, payer: Payer, resolved: Resolved) -> "_Asked":
        """The call of one model: whoever pays is no longer on the way to it."""
        self._starts.over(payer)
        return _Asked(self.upstreams, payer, resolved)

    async def embed(
        self, payer: Payer, resolved: Resolved, call: EmbeddingCall
    ) -> Embedded:
        """The vectors of some texts."""
        with self.places:
            reservation = await self._admit(payer, lambda: 0)
            try:
                with self._asked(payer, resolved):
                    made = await self._catalogue.embed(resolved, call)
            except BaseException:
                await self._release(reservation)
                raise
        used = {"input_tokens": made.input_tokens, "output_tokens": 0}
        cost = cost_of(resolved.model, used)
        self._meter.record(
            Used(payer, resolved, used, cost, "complete", reservation, now_ms())
        )
        if reservation is not None:
            await self._meter.flush()
        return made

    def _known_terms(self, payer: Payer) -> Terms | None:
        """What a key is held to, if that was looked up a moment ago."""
        if payer.key_id is None:
            return NO_TERMS
        found = self._terms.believed(payer.key_id)
        return None if found is None else found.value

    async def _terms_of(self, payer: Payer) -> Terms:
        if payer.key_id is None:
            return NO_TERMS
        return await self._terms.get(payer.key_id)

    async def _admit(self, payer: Payer, least: Callable[[], int]) -> str | None:
        """What is reserved for a call; 402 when a cap of its key is reached."""
        terms = await self._terms_of(payer)
        payer.breakers = terms.breakers
        if payer.key_id is None or not terms.has_caps:
            return None
        await self._meter.flush()
        admission = await self._store.admit(payer.key_id, least=least())
        payer.left = dict(admission.left)
        if admission.reached is not None:
            raise _reached(admission, payer)
        return admission.reservation


class _Asked:
    """A call of one upstream, which is judged by how it ends."""

    __slots__ = ("_payer", "_resolved", "_upstreams")

    def __init__(self, upstreams: Upstreams, payer: Payer, resolved: Resolved) -> None:
        self._upstreams = upstreams
        self._payer = payer
        self._resolved = resolved

    def __enter__(self) -> None:
        own = self._payer.breakers
        self._payer.answering(
            self._resolved, self._upstreams.enter(self._resolved, own)
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._upstreams.leave(self._resolved, self._payer.breakers, error)


def _reached(admission: Admission, payer: Payer) -> GatewayError:
    return GatewayError(
        "spend_cap_reached",
        f"The key's {admission.reached} spend cap is reached.",
        details={
            "period": admission.reached,
            "limit_usd": float(dollars(admission.limit)),
            "current_usd": float(dollars(admission.spent)),
        },
        headers=payer.headers(),
    )

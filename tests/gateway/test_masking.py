"""What hides texts in a stream: wherever it is cut, and nothing else of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from itertools import combinations_with_replacement, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate_gateway.proxying.masking import Mask, MaskedStream
from headgate_gateway.proxying.target import Target

SECRET = "sk-live/a+b=="
LETTERS = st.lists(st.sampled_from([b"a", b"b"]), max_size=40).map(b"".join)
FORMS = st.lists(
    st.lists(st.sampled_from([b"a", b"b"]), min_size=1, max_size=6).map(b"".join),
    min_size=1,
    max_size=3,
)


def hidden(body: bytes, forms: Sequence[bytes]) -> bytes:
    """The body with `*` for each byte that is in an occurrence of a form."""
    covered = {
        place
        for form in forms
        for start in range(len(body))
        if body.startswith(form, start)
        for place in range(start, start + len(form))
    }
    return bytes(
        ord("*") if place in covered else byte for place, byte in enumerate(body)
    )


def streamed(mask: Mask, pieces: Sequence[bytes]) -> list[bytes]:
    """What is given on after each piece, and at the end."""
    stream = MaskedStream(mask)
    return [*[stream.feed(piece) for piece in pieces], stream.end()]


def mask_over(secret: str, mode: str = "bearer") -> Mask:
    target = Target(
        name="t", base_url="https://t", injection={"mode": mode}, secret=secret
    )
    mask = target.mask()
    assert mask is not None
    return mask


def whole(mask: Mask, text: str) -> str:
    """The text as one piece."""
    return b"".join(streamed(mask, [text.encode()])).decode()


def test_no_split_lets_a_secret_pass():
    """Cut at every two places: the same is given on, and as much of it."""
    body = b'{"is": "%b", "\xff": "%b"}' % (SECRET.encode(), SECRET.encode())
    mask, expected = mask_over(SECRET), hidden(body, [SECRET.encode()])

    for first, second in combinations_with_replacement(range(len(body) + 1), 2):
        pieces = [body[:first], body[first:second], body[second:]]
        assert b"".join(streamed(mask, pieces)) == expected


@given(body=LETTERS, forms=FORMS, cuts=st.lists(st.integers(0, 40), max_size=6))
def test_what_overlaps_is_hidden_wherever_it_is_cut(
    body: bytes, forms: list[bytes], cuts: list[int]
):
    """Several texts, also within and across each other, in pieces of any length."""
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[start:end] for start, end in pairwise(places)]

    assert b"".join(streamed(Mask(forms), pieces)) == hidden(body, forms)


@given(body=LETTERS, forms=FORMS)
def test_only_what_may_be_a_beginning_is_held_back(body: bytes, forms: list[bytes]):
    """After a piece there waits its longest end with which a text begins."""
    given_on, rest = streamed(Mask(forms), [body])
    begun = [
        body[place:]
        for place in range(len(body))
        if any(form.startswith(body[place:]) and form != body[place:] for form in forms)
    ]

    assert len(given_on) + len(rest) == len(body)
    assert len(rest) == max(map(len, begun), default=0)


def test_an_event_is_not_held_back():
    """What cannot be the beginning of the secret goes on at once."""
    pieces = [b"data: 1\n\n", b"data: s\n\n", b"data: sk-", b"lime\n\n"]

    assert streamed(mask_over(SECRET), pieces) == [
        b"data: 1\n\n",
        b"data: s\n\n",
        b"data: ",
        b"sk-lime\n\n",
        b"",
    ]


@pytest.mark.parametrize("is_cut", [False, True])
def test_what_is_held_back_comes_at_the_end(*, is_cut: bool):
    """Of an answer that ends, and of one that breaks off, before its error."""

    async def said() -> AsyncIterator[bytes]:
        yield b"x sk-li"
        if is_cut:
            raise ConnectionError

    async def heard() -> list[bytes]:
        got: list[bytes] = []
        try:
            async for piece in mask_over(SECRET).pieces(said()):
                got += [piece]
        except ConnectionError:
            got.append(b"!")
        return got

    expected = [b"x ", b"sk-li", *([b"!"] if is_cut else [])]
    assert asyncio.run(heard()) == expected


@pytest.mark.parametrize(
    ("mode", "secret", "said"),
    [
        ("bearer", SECRET, SECRET),
        ("bearer", SECRET, "sk-live\\/a+b=="),
        ("header", 'quo"te\\d-long', json.dumps('quo"te\\d-long')[1:-1]),
        ("header", "a<b>c&d/12345", "a\\u003cb\\u003ec\\u0026d/12345"),
        ("query", SECRET, "sk-live%2Fa%2Bb%3D%3D"),
        ("basic", "user:password1", "user:password1"),
        ("basic", "user:password1", "dXNlcjpwYXNzd29yZDE="),
        ("basic", "user:password1", "password1"),
        ("basic", "sk-live-1:", "sk-live-1"),
        ("basic", "a:b?c>d~~~", "YTpiP2M+ZH5+fg=="),
        ("basic", "a:???????b", "YTo\\/Pz8\\/Pz8\\/Yg=="),
    ],
)
def test_forms_of_a_secret(mode: str, secret: str, said: str):
    """As it is stored, as it is sent, and as JSON and addresses spell both."""
    assert whole(mask_over(secret, mode), f"<{said}>") == f"<{'*' * len(said)}>"


def test_a_users_name_is_no_secret():
    """Beside a password only that is hidden."""
    mask = mask_over("administrator:password1", "basic")

    text = "administrator has password1"
    assert whole(mask, text) == "administrator has *********"


@pytest.mark.parametrize("secret", ["", "s", "seven77"])
def test_short_secrets_are_not_hidden(secret: str):
    """They are in many a word by chance; eight characters are long enough."""
    bearer = {"mode": "bearer"}
    target = Target(name="t", base_url="https://t", injection=bearer, secret=secret)

    assert target.mask() is None
    assert whole(mask_over("eight888"), "eight888 eight88") == "******** eight88"


def test_without_a_secret_there_is_nothing_to_hide():
    """A credential that the caller brought is no target's."""
    assert Target(name="t", base_url="https://t").mask() is None


def test_a_mask_does_not_show_what_it_hides():
    """Neither in a log nor in a traceback."""
    assert SECRET not in repr(mask_over(SECRET))

"""What an `operationId` says beyond what its framework adds to every one."""

from __future__ import annotations

import re
from typing import Final

from headgate.ir.build.shortening import SMALL
from headgate.names import snake, split_words

_CLASS: Final = re.compile(r"\w*(Controller|Api)_(?=\w)")
_NOT_A_WORD: Final = re.compile(r"\W")


def given_name(operation_id: str, verb: str, path: str) -> str:
    """Leave out what frameworks add so that ids are unique.

    FastAPI adds the path and the verb (`read_pet_pets__id__get`), Springfox the verb
    (`readPetUsingGET_1`), NestJS and ASP.NET put the class before it
    (`PetsController_read`, `PetsApi_Read`).
    """
    added = f"{_NOT_A_WORD.sub('_', path)}_{verb.lower()}"
    name = operation_id.removesuffix(added)
    name = re.sub(rf"Using{verb.upper()}(?=_\d+$|$)", "", name)
    of_class = _CLASS.match(name)
    return name[of_class.end() if of_class else 0 :].strip("_") or operation_id


def method_name(name: str, resource: str) -> str:
    """Say what a name says beside its resource; all of it, if that is nothing.

    Of `get_an_album` of albums, `get` is left; of `list_albums_of_artist`, `list` and
    the artist.
    """
    words = split_words(name)
    own = [_forms(word) for word in split_words(resource)]
    rest = [word for word in words if all(_forms(word).isdisjoint(it) for it in own)]
    if len(rest) < len(words) and rest and rest[-1] != words[-1]:
        while rest and rest[-1] in SMALL:
            rest.pop()
    return snake(rest or words)


def _forms(word: str) -> set[str]:
    """Give a word and what it may be the plural of."""
    found = {word}
    if word.endswith("ies"):
        found.add(f"{word[:-3]}y")
    if word.endswith("es"):
        found.add(word[:-2])
    if word.endswith("s"):
        found.add(word[:-1])
    return found

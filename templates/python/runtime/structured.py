# Fixed runtime of a generated SDK: the same source in every package.
"""Text that was asked to be JSON, read as a type."""

from __future__ import annotations

import re
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from .calls import reason
from .errors import ResponseDecodeError
from .models import ApiModel, HttpResponse

T = TypeVar("T")

_FENCED = re.compile(r"\A\s*```[\w+-]*[ \t]*\r?\n(.*?)\r?\n?[ \t]*```\s*\Z", re.DOTALL)


def parsed_text(text: str, form: type[T], answer: ApiModel) -> T:
    """Read JSON, bare or in a code fence, as a type; raise `ResponseDecodeError`."""
    came_in = vars(answer).get("_http_response")
    request_id = came_in.request_id if isinstance(came_in, HttpResponse) else None
    fenced = _FENCED.match(text)
    try:
        return TypeAdapter(form).validate_json(fenced[1] if fenced else text)
    except ValidationError as error:
        raise ResponseDecodeError(
            f"the output is no {getattr(form, '__name__', form)}: {reason(error)}",
            raw=text,
            request_id=request_id,
        ) from error

"""Where the credentials of a scheme come from is read from its flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import ReadApi

_EXTRA = """
components:
  securitySchemes:
    both:
      type: oauth2
      flows:
        clientCredentials: {tokenUrl: /token, refreshUrl: /never, scopes: {}}
        authorizationCode: {authorizationUrl: /ask, tokenUrl: /code, scopes: {}}
    own:
      type: oauth2
      flows:
        password: {tokenUrl: /password, scopes: {}}
        implicit: {authorizationUrl: /ask, refreshUrl: /again, scopes: {}}
    none:
      type: oauth2
      flows: {clientCredentials: {tokenUrl: /token, refreshUrl: /never, scopes: {}}}
"""


def test_refresh_tokens_are_exchanged_where_a_flow_says(read_api: ReadApi) -> None:
    """At `refreshUrl`, else where the token came from; a client's own has none."""
    schemes = read_api(extra=_EXTRA).schemes

    assert [(each.token_url, each.refresh_url) for each in schemes] == [
        ("/token", "/code"),
        (None, "/again"),
        ("/token", None),
    ]


def test_no_option_has_the_name_of_another(read_api: ReadApi) -> None:
    """Neither a setting of every client, nor a word that some language keeps."""
    api = read_api(
        settings="""
[client.headers]
timeouts = "X-Timeouts"
class = "X-Class"
agent_name = "X-Agent"

[client.header_maps.retry]
prefix = "X-Retry-"

[client.header_maps.keys]
prefix = "X-Key-"
""",
    )

    assert [each.option for each in api.header_maps] == ["retry_", "keys"]
    assert [(each.option, each.header) for each in api.header_options] == [
        ("timeouts_", "X-Timeouts"),
        ("class_", "X-Class"),
        ("agent_name", "X-Agent"),
    ]

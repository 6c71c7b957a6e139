"""The languages that providers speak, each from and to the gateway's own messages."""

from headgate_gateway.providers.dialects.anthropic_messages import AnthropicMessages
from headgate_gateway.providers.dialects.gemini import Gemini
from headgate_gateway.providers.dialects.interface import Dialect
from headgate_gateway.providers.dialects.openai_chat import OpenAIChat
from headgate_gateway.providers.dialects.openai_responses import OpenAIResponses

DIALECTS: dict[str, Dialect] = {
    "openai-chat": OpenAIChat(),
    "openai-responses": OpenAIResponses(),
    "anthropic-messages": AnthropicMessages(),
    "gemini": Gemini(),
}
"""Every dialect, by its name in manifests."""

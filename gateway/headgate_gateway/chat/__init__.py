"""Chat completions in OpenAI's form, over the messages that the gateway speaks."""

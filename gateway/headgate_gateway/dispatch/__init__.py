"""Calls of models: who pays, what is spent, who answers when somebody cannot."""

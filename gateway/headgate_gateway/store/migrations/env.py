"""Runs the migrations on the connection that ``store.schema`` hands over."""

from alembic import context

from headgate_gateway.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
context.run_migrations()

"""Opens the store that the settings name."""

from sqlalchemy.exc import SQLAlchemyError

from headgate_gateway.keys import Hasher, load_pepper
from headgate_gateway.settings import Settings, SettingsError
from headgate_gateway.store.database import Database
from headgate_gateway.store.schema import migrate


async def open_store(
    settings: Settings, *, may_be_new: bool = True
) -> tuple[Database, Hasher]:
    """The store, brought to the current schema, and what its hashes are made with."""
    database = Database(settings.database_url)
    if not may_be_new and database.file is not None and not database.file.exists():
        raise SettingsError(f"there is no store at {database.file}")
    hasher = Hasher(load_pepper(settings, database.file))
    try:
        await migrate(database)
    except (SQLAlchemyError, OSError) as error:
        raise SettingsError(
            f"the store of database_url does not open: {error}"
        ) from None
    return database, hasher

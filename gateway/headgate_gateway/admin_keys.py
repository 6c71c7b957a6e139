"""Admin keys: the first one, and a new one where that has leaked or is lost."""

from dataclasses import dataclass

from headgate_gateway.keys import Hasher, new_admin_secret, new_gateway_secret
from headgate_gateway.opening import open_store
from headgate_gateway.settings import Settings, SettingsError
from headgate_gateway.store.keys import KeyStore, new_key


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSecrets:
    """What one needs to begin with a new gateway."""

    admin_key: str
    api_key: str


async def first_secrets(
    settings: Settings, keys: KeyStore, hasher: Hasher, *, project_id: str
) -> FirstSecrets | None:
    """An admin key and a gateway key when there are none, configured or stored."""
    if settings.admin_key or await keys.has_admin_secret():
        return None
    admin, key = new_admin_secret(), new_gateway_secret(project_id)
    values = new_key(name="first key", project_id=project_id, secret=key, scopes=["*"])
    await keys.create(values, hasher.digest(key.text))
    await keys.add_admin_secret(hasher.digest(admin.text))
    return FirstSecrets(admin_key=admin.text, api_key=key.text)


async def rotate_admin_key(settings: Settings) -> str:
    """A new admin key; the stored one is good no more, in no process of the store.

    `SettingsError` where there is none to replace: the first start makes it.
    """
    database, hasher = await open_store(settings, may_be_new=False)
    admin = new_admin_secret()
    try:
        keys = KeyStore(database)
        has_replaced = await keys.replace_admin_secrets(hasher.digest(admin.text))
    finally:
        await database.close()
    if not has_replaced:
        raise SettingsError(
            "no admin key is stored: `serve` makes one at its first start, unless "
            "admin_key is set"
        )
    return admin.text

"""The query and mutations of secrets, of which nobody but their owner learns anything."""

from strawberry import ID

from engine.errors import BadUserInput
from engine.secret_reference import NAME_RULE, is_secret_name
from resolvers.context import Info
from schema.arguments import After, First
from schema.paging import Connection, check_first, decode_cursor, encode_cursor, page
from schema.secrets import DeleteSecretPayload, PutSecretPayload, Secret, SecretName, SecretValue
from storage import secrets as store
from storage.secrets import SecretRow
from storage.transaction import transaction

CURSOR = "secret"
VALUE_BYTES = 64 * 1024


async def secrets(info: Info, first: First = 50, after: After = None) -> Connection[Secret]:
    """The viewer's own secrets by name, without what they say."""
    key = decode_cursor(after, CURSOR, str)
    limit = check_first(first) + 1
    async with info.context.pool.acquire() as connection:
        rows = await store.list_secrets(connection, info.context.viewer.id, limit=limit, after=key[0] if key else None)
    return page(rows, first, after, _show, lambda row: encode_cursor(CURSOR, row.name))


async def put_secret(info: Info, name: SecretName, value: SecretValue) -> PutSecretPayload:
    """Store a secret, in place of what the viewer has under this name; it cannot be read again.

    Nodes of the viewer's executions use it where their inputs say `{"$secret": "name"}`; a change reaches them within
    seconds. It is taken out of what such nodes record, unless it has fewer than 4 characters. FORBIDDEN on a server
    that has no keys for secrets.
    """
    if not is_secret_name(name):
        raise BadUserInput(f"The name must be {NAME_RULE}.", field="name")
    _check_value(value)
    context = info.context
    async with transaction(context.pool) as connection:
        row = await store.put_secret(
            connection, context.services.keys, owner_id=context.viewer.id, name=name, value=value
        )
    return PutSecretPayload(secret=_show(row))


async def delete_secret(info: Info, name: SecretName) -> DeleteSecretPayload:
    """Forget one of the viewer's secrets; nodes that need it fail within seconds."""
    async with transaction(info.context.pool) as connection:
        id = await store.delete_secret(connection, info.context.viewer.id, name)
    return DeleteSecretPayload(deleted_id=ID(id))


def _check_value(value: str) -> None:
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise BadUserInput("The value has lone surrogates, which are no text.", field="value") from None
    if not 1 <= size <= VALUE_BYTES:
        raise BadUserInput(f"The value must have 1 to {VALUE_BYTES} bytes; it has {size}.", field="value")
    if "\0" in value:
        raise BadUserInput("The value has a NUL character.", field="value")


def _show(row: SecretRow) -> Secret:
    return Secret(row=row)

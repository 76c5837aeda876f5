"""What the settings say about those who call the API, as the API wants it."""

from importlib import import_module

from engine.errors import TidegateError
from resolvers.authentication import Authenticator, Bearers, ViewerHook, anybody
from resolvers.key_set import KeySet
from resolvers.policy import Policy
from resolvers.quotas import Quotas
from resolvers.tokens import Keys, SecretKey, Verifier
from tidegate.settings import Settings


class NoSuchHook(TidegateError):
    """The function that TIDEGATE_VIEWER_HOOK names cannot be had."""


def policy_of(settings: Settings, *, loopback: bool) -> Policy:
    """The policy of a server in production; raises `NoSuchHook`.

    Without authentication nobody is known, so that there is nobody to count for.
    """
    known = settings.has_authentication
    return Policy(
        authenticate=_authenticator(settings),
        quotas=Quotas(settings.user_rate, settings.user_streams) if known else Quotas(),
        origins=settings.allowed_origins,
        loopback=loopback,
    )


def _authenticator(settings: Settings) -> Authenticator:
    keys = _keys(settings)
    if keys is None:
        return anybody
    hook = load_hook(settings.viewer_hook) if settings.viewer_hook else None
    return Bearers(Verifier(keys, settings.jwt_audience, settings.jwt_issuer), hook)


def _keys(settings: Settings) -> Keys | None:
    if settings.jwt_secret is not None:
        return SecretKey(settings.jwt_secret)
    return KeySet(settings.jwks_url) if settings.jwks_url is not None else None


def load_hook(name: str) -> ViewerHook:
    """The function of a name such as `package.module:function`; raises `NoSuchHook`."""
    module, _, function = name.partition(":")
    try:
        hook: ViewerHook = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise NoSuchHook(f"TIDEGATE_VIEWER_HOOK is {name!r}, which cannot be loaded: {error}.") from error
    if not callable(hook):
        raise NoSuchHook(f"TIDEGATE_VIEWER_HOOK is {name!r}, which is no function.")
    return hook

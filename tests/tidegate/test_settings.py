"""Settings: what the environment may say, and how it is told that it is wrong."""

import pytest

from tidegate.settings import ConflictingSettings, InvalidSetting, MissingSetting, Settings

POSTGRES = "postgresql://tide:secret@db:5433/tidegate"


def test_an_empty_environment_gives_the_defaults():
    settings = Settings.read({})

    assert settings.worker_concurrency == 64
    assert settings.lease_seconds == 10.0
    assert settings.http_allow == frozenset()
    assert (settings.owner_concurrency, settings.flow_concurrency) == (None, None)


def test_every_variable_is_read():
    settings = Settings.read(
        {
            "DATABASE_URL": POSTGRES,
            "REDIS_URL": "unix:///run/valkey.sock",
            "TIDEGATE_WORKER_CONCURRENCY": "200",
            "TIDEGATE_OWNER_CONCURRENCY": "5",
            "TIDEGATE_FLOW_CONCURRENCY": "1000000",
            "TIDEGATE_LEASE_SECONDS": "2.5",
            "TIDEGATE_HTTP_ALLOW": "Localhost:8080, 10.0.0.7,[::1]:9000,",
            "TIDEGATE_DOCUMENTS": "documents.json",
            "TIDEGATE_DOCUMENTS_ONLY": "True",
            "TIDEGATE_NODES": "shop_nodes, box.nodes,,shop_nodes",
            "TIDEGATE_NODE_THREADS": "3",
            "TIDEGATE_NODE_PROCESSES": "2",
            "TIDEGATE_NODE_HOLD_SECONDS": "0.5",
        }
    )

    assert settings.database == POSTGRES
    assert settings.redis == "unix:///run/valkey.sock"
    assert settings.worker_concurrency == 200
    assert (settings.owner_concurrency, settings.flow_concurrency) == (5, 1_000_000)
    assert settings.lease_seconds == 2.5
    assert settings.http_allow == {"localhost:8080", "10.0.0.7", "[::1]:9000"}
    assert (settings.documents, settings.documents_only) == ("documents.json", True)
    assert settings.node_modules == ("shop_nodes", "box.nodes")
    assert (settings.node_threads, settings.node_processes, settings.node_hold_seconds) == (3, 2, 0.5)


def test_an_empty_variable_counts_as_not_set():
    assert Settings.read({"DATABASE_URL": " ", "TIDEGATE_WORKER_CONCURRENCY": ""}) == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("DATABASE_URL", "mysql://db/tidegate", "postgresql://user:password@host:5432/name"),
        ("DATABASE_URL", "postgresql://db:port/tidegate", "postgresql://user:password@host:5432/name"),
        ("REDIS_URL", "localhost:6379", "redis://:password@host:6379/0"),
        ("TIDEGATE_WORKER_CONCURRENCY", "0", "from 1 to 10000"),
        ("TIDEGATE_WORKER_CONCURRENCY", "2.5", "a whole number"),
        ("TIDEGATE_OWNER_CONCURRENCY", "0", "from 1 to 1000000"),
        ("TIDEGATE_FLOW_CONCURRENCY", "many", "a whole number"),
        ("TIDEGATE_LEASE_SECONDS", "nan", "from 1 to 3600"),
        ("TIDEGATE_LEASE_SECONDS", "ten", "a number of seconds"),
        ("TIDEGATE_NODES", "shop-nodes", "shop_nodes or package.module"),
        ("TIDEGATE_NODES", "shop:Say", "shop_nodes or package.module"),
        ("TIDEGATE_HTTP_ALLOW", "http://localhost", "localhost:8080"),
        ("TIDEGATE_HTTP_ALLOW", "localhost:99999", "localhost:8080"),
        ("TIDEGATE_JWKS_URL", "http://keys.example/keys", "a URL of https"),
        ("TIDEGATE_VIEWER_HOOK", "package.module", "package.module:function"),
        ("TIDEGATE_USER_RATE", "0", "from 0.1 to 1000000"),
        ("TIDEGATE_USER_STREAMS", "none", "from 1 to 1000000"),
        ("TIDEGATE_ALLOWED_ORIGINS", "app.example", "https://app.example"),
        ("TIDEGATE_ALLOWED_ORIGINS", "https://app.example/", "https://app.example"),
        ("TIDEGATE_DOCUMENTS_ONLY", "yes", "true or false"),
    ],
)
def test_a_bad_value_is_named_with_its_variable_and_what_would_be_right(variable, text, expected):
    with pytest.raises(InvalidSetting) as caught:
        Settings.read({variable: text})

    message = caught.value.message
    assert message.startswith(f"{variable} is {text!r}")
    assert expected in message
    assert "\n" not in message


def test_a_missing_url_is_asked_for_by_its_name():
    with pytest.raises(MissingSetting, match="DATABASE_URL is not set"):
        _ = Settings().database
    with pytest.raises(MissingSetting, match="REDIS_URL is not set"):
        _ = Settings().redis


def test_only_trusted_documents_need_a_manifest():
    with pytest.raises(MissingSetting, match=r"TIDEGATE_DOCUMENTS is not set; .*TIDEGATE_DOCUMENTS_ONLY"):
        Settings.read({"TIDEGATE_DOCUMENTS_ONLY": "true"})


def test_passwords_show_neither_in_errors_nor_in_the_settings():
    with pytest.raises(InvalidSetting) as caught:
        Settings.read({"DATABASE_URL": "mysql://tide:secret@db/tidegate"})

    assert "secret" not in caught.value.message
    assert "secret" not in repr(Settings.read({"DATABASE_URL": POSTGRES, "REDIS_URL": "redis://:secret@db"}))


def test_a_secret_that_is_too_short_is_refused_and_shows_neither_in_errors_nor_in_the_settings():
    with pytest.raises(InvalidSetting) as caught:
        Settings.read({"TIDEGATE_JWT_SECRET": "short canary"})

    assert caught.value.message.startswith("TIDEGATE_JWT_SECRET is a text of 12 characters; it must be a secret of")
    settings = Settings.read({"TIDEGATE_JWT_SECRET": "a canary that is long enough to sing"})
    assert settings.has_authentication
    assert "canary" not in repr(settings) + str(caught.value)


def test_tokens_are_verified_in_one_way_only():
    both = {"TIDEGATE_JWT_SECRET": "x" * 32, "TIDEGATE_JWKS_URL": "https://keys.example/keys"}
    with pytest.raises(ConflictingSettings):
        Settings.read(both)

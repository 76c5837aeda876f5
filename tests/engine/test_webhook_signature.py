"""Signatures of messages: what another implementation signs is taken, and nothing else."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from engine.webhook_signature import TOLERANCE, new_key, show_key, signature, signed_message_id

NOW = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
BODY = b'{"item": "l\xc3\xa4mp"}'
KEY = new_key()


def headers(**changes: str) -> dict[str, str]:
    plain = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": Webhook(show_key(KEY)).sign("msg_1", NOW, BODY.decode()),
    }
    return {**plain, **{name.replace("_", "-"): value for name, value in changes.items()}}


def test_what_another_implementation_signs_is_taken() -> None:
    assert signed_message_id(KEY, headers(), BODY, NOW) == "msg_1"


def test_a_key_has_enough_bytes_and_the_prefix_of_the_specification() -> None:
    assert show_key(KEY).startswith("whsec_")
    assert 24 <= len(base64.b64decode(show_key(KEY).removeprefix("whsec_"))) <= 64
    assert new_key() != new_key()


def test_one_of_several_signatures_is_enough() -> None:
    own = headers()["webhook-signature"]
    other = signature(new_key(), "msg_1", str(int(NOW.timestamp())), BODY)
    for several in (f"{other} {own}", f"{own} {other}", f"v1a,AAAA v2,{own} {own}"):
        assert signed_message_id(KEY, headers(webhook_signature=several), BODY, NOW) == "msg_1"


@pytest.mark.parametrize("seconds", [-TOLERANCE.total_seconds(), TOLERANCE.total_seconds()])
def test_a_message_is_of_this_time_for_five_minutes(seconds: float) -> None:
    assert signed_message_id(KEY, headers(), BODY, NOW + timedelta(seconds=seconds)) == "msg_1"
    beyond = timedelta(seconds=seconds + (1 if seconds > 0 else -1))
    assert signed_message_id(KEY, headers(), BODY, NOW + beyond) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_id": "msg_2"},
        {"webhook_id": ""},
        {"webhook_timestamp": "1798804801"},
        {"webhook_timestamp": ""},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": "１７９８８０４８００"},
        {"webhook_timestamp": "9" * 5000},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1"},
        {"webhook_signature": "é"},
        {"webhook_signature": headers()["webhook-signature"].removeprefix("v1,")},
        {"webhook_signature": headers()["webhook-signature"].replace("v1,", "v2,")},
    ],
)
def test_what_is_not_signed_so_is_refused(changes: dict[str, str]) -> None:
    assert signed_message_id(KEY, headers(**changes), BODY, NOW) is None


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_is_refused(name: str) -> None:
    given = headers()
    del given[name]
    assert signed_message_id(KEY, given, BODY, NOW) is None


def test_another_body_and_another_key_are_refused() -> None:
    assert signed_message_id(KEY, headers(), BODY + b" ", NOW) is None
    assert signed_message_id(new_key(), headers(), BODY, NOW) is None


def test_a_part_of_the_body_cannot_be_passed_off_as_the_time() -> None:
    """The text that is signed is the same, so the ids of messages have no full stop."""
    timestamp, body = str(int(NOW.timestamp())), f"{int(NOW.timestamp())}.5".encode()
    signed = signature(KEY, "msg_1", timestamp, body)
    forged = {"webhook-id": f"msg_1.{timestamp}", "webhook-timestamp": timestamp, "webhook-signature": signed}
    assert signature(KEY, forged["webhook-id"], timestamp, b"5") == signed
    assert signed_message_id(KEY, forged, b"5", NOW) is None

"""Parsed documents are kept, but not without bound."""

from graphql import DocumentNode

from schema.documents import KEPT_LENGTH, KEPT_TOTAL, read_document


def document(number: int, length: int = 100) -> str:
    """Different from those of other numbers, and at least so long."""
    return f"{{ viewer {{ a{number}: id }} }} #{'x' * length}"


def test_a_document_is_parsed_once() -> None:
    assert read_document(document(1)) is read_document(document(1))


def test_a_long_document_is_not_kept() -> None:
    text = document(1, KEPT_LENGTH)
    assert read_document(text) is not read_document(text)


def test_of_many_documents_those_that_were_asked_for_last_are_kept() -> None:
    often = read_document(document(0))
    first: DocumentNode = read_document(document(1))
    for number in range(2, 2 + KEPT_TOTAL // 10_000):
        read_document(document(number, 10_000))
        assert read_document(document(0)) is often
    assert read_document(document(1)) is not first

"""The protections that are taken away to see that tests notice are where they are looked for, and so are the tests."""

import pytest

from tests.faults.mutants import ROOT, places
from tests.faults.mutations import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_what_is_taken_away_stands_once_and_what_proves_it_is_there(mutation: Mutation) -> None:
    assert places(mutation) == 1
    for proof in mutation.proofs:
        file, _, test = proof.partition("::")
        whole = (ROOT / file).read_text()
        assert not test or f"def {test.partition('[')[0]}(" in whole

"""Shows that the tests notice: each protection of `mutations.py` is taken away in a copy, where a test must then fail.

`python -m tests.faults.mutants [--only WORDS]`; exits with 1 if a mutant survives or a text is not where it should be.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from tests.faults.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
PROOF_SECONDS = 240
NO_FAILURE, FAILURE = 0, 1
OUTPUT = "output.txt"


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.faults.mutants", description=__doc__)
    parser.add_argument("--only", default="", help="only mutations with this in their names")
    only = parser.parse_args().only
    chosen = [mutation for mutation in MUTATIONS if only in mutation.name]
    misplaced = [mutation.name for mutation in chosen if places(mutation) != 1]
    for name in misplaced:
        print(f"MISPLACED  {name}")
    survivors = [] if misplaced else _survivors(chosen)
    return int(bool(misplaced or survivors))


def places(mutation: Mutation) -> int:
    """How often the text that it takes away stands in its file."""
    return (ROOT / mutation.file).read_text().count(mutation.old)


def _survivors(mutations: Sequence[Mutation]) -> list[str]:
    """The mutations that no test notices, or whose tests fail without them too."""
    found = []
    with tempfile.TemporaryDirectory(prefix="tidegate-mutants-") as name:
        tree = Path(name) / "tree"
        _copy(tree)
        proofs = sorted({proof for mutation in mutations for proof in mutation.proofs})
        if _run(tree, proofs, PROOF_SECONDS * len(proofs)) != NO_FAILURE:
            print("The tests fail although nothing is taken away:", (tree / OUTPUT).read_text()[-4000:], sep="\n")
            return ["nothing"]
        for mutation in mutations:
            began, is_noticed = time.monotonic(), _is_noticed(tree, mutation)
            print(
                f"{'red' if is_noticed else 'SURVIVED':9}  {time.monotonic() - began:5.1f} s  {mutation.name}",
                flush=True,
            )
            found += [] if is_noticed else [mutation.name]
    return found


def _copy(tree: Path) -> None:
    """Copy what is under version control, or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(lambda each: (ROOT / each).is_file(), listed.stdout.splitlines()):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)


def _is_noticed(tree: Path, mutation: Mutation) -> bool:
    """Whether any of the proofs fails."""
    file = tree / mutation.file
    whole = file.read_text()
    file.write_text(whole.replace(mutation.old, mutation.new))
    try:
        return any(_run(tree, [proof], PROOF_SECONDS) == FAILURE for proof in mutation.proofs)
    finally:
        file.write_text(whole)


def _run(tree: Path, proofs: Sequence[str], seconds: float) -> int:
    """Run tests in the copy; the exit code of pytest. What does not end has failed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *proofs]
    # The copy comes before the checkout that the environment points to.
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    with (tree / OUTPUT).open("w") as output:
        process = subprocess.Popen(command, cwd=tree, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        # In order, so that the processes of the test end with it.
        process.send_signal(signal.SIGINT)
        process.wait()
        return FAILURE


if __name__ == "__main__":
    sys.exit(main())

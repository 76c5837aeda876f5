"""Nodes that block for a while as they declare, for the benchmark of that name."""

import time

from tidegate import Context, Input, Node, Output


class BlockInput(Input):
    seconds: float


class BlockOutput(Output):
    done: bool


class InThread(Node[BlockInput, BlockOutput]):
    """Waits in a call that nothing can await, in a thread."""

    type = "bench.in_thread"
    runs_in = "thread"

    def run(self, inputs: BlockInput, context: Context) -> BlockOutput:
        time.sleep(inputs.seconds)
        return BlockOutput(done=True)


class InProcess(Node[BlockInput, BlockOutput]):
    """Computes in a process."""

    type = "bench.in_process"
    runs_in = "process"

    def run(self, inputs: BlockInput, context: Context) -> BlockOutput:
        end = time.monotonic() + inputs.seconds
        while time.monotonic() < end:
            pass
        return BlockOutput(done=True)

"""The workers: dispatch, the signal-gated workflow, the journal, timers, the sweeper and schedules."""

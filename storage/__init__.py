"""The durable side: transactions, the event log, wake-ups, migrations and the embedded servers."""

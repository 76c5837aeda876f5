"""Tidegate: durable flow execution, watched live over GraphQL."""

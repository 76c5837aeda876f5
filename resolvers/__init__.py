"""Queries, mutations and subscriptions, the root types, request context and the web application."""

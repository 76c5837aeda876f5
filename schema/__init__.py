"""The GraphQL types: views of the engine's models, inputs, scalars, paging, errors and limits."""

# First of all the enums are given their descriptions: a type that names one before would have another.
import schema.enums  # noqa: F401

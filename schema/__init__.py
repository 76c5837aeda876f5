"""The GraphQL types: views of the engine's models, inputs, scalars, paging, errors and limits."""

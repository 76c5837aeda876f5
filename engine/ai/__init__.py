"""Language models that speak the protocol of OpenAI's chat completions, and the tools that they may use."""

"""Running models: the embedded LiteRT runtime and what can be measured with it."""

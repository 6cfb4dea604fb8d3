"""What records look like: one pydantic model per kind, for its writer, its readers and the builders of tests."""

"""The REST service and the web page: a shell around the engine (docs/serving.md)."""

"""The plan as data, and the engine that judges facts by it."""

"""The documentation, and what generates the pages that follow from code."""

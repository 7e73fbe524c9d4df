"""The school server: reports in, verdicts out."""

"""The agent on a real Windows API: Wine's, with a Windows CPython. `make test-windows` runs these alone."""

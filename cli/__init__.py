"""The command ``baove`` for people at the server. It may import everything and holds no logic."""

"""What can be seen of a school's machines and network."""

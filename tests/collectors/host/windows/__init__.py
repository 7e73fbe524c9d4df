"""Windows: the collectors over PCs made up in memory, and over the recordings of real ones in ../shared."""

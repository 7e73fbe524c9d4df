"""What the school's server makes for its PCs: the folder that a Windows PC installs from, without Internet."""

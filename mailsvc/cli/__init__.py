"""The command `congvu`: one file for each noun. Commands call services and the directory's use cases, never tables."""

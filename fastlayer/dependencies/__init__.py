"""What a signature asks for: the dependency graph and its analysis. Nothing here runs at request time."""

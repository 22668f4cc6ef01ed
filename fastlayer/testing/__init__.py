"""What the test clients are made of: requests from signatures, lifespans, sockets, overrides. No HTTP library here."""

"""What tests stand on: a real database, two workspaces, the cast everybody knows, clients and factories."""

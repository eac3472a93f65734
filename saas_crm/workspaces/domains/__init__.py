"""A workspace's own domain: claimed, shown to be its own by a DNS record, looked after, given up."""

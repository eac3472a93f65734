"""What becomes of a subscription: plain values in, plain answers out."""

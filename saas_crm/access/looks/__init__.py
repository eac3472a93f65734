"""How a workspace looks: its accent colour, and its logo."""

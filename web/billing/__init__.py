"""Pages: plans and prices, what a workspace pays and uses, and the way to pay, change and leave."""

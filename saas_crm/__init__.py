"""The business: customers, activities, opportunities, and who may do what with them."""

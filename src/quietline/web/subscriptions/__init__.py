"""Areas that are subscribed to, what they cost, invoices, payments and what is left open."""

"""What the authority asks or orders of an organisation, by when, and what the organisation answers."""

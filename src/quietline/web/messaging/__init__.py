"""Messages to people: one outbox, emptied in batches through a gateway (text, call, mail)."""

"""What a seller has on file about a person: consents, purchases, inquiries, requests to stop; never overwritten."""

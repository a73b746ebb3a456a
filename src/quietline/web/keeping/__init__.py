"""What is kept, what is encrypted and what is erased: data keys of records, and the declaration of every field."""

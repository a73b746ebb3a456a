"""One module for each table; each has ``measure(options)``, which gives a section."""

"""A whole platform under load whose processes are killed at random moments, and what has to hold afterwards.

* :mod:`crashing.installation`: PostgreSQL and the processes of the platform; killing them and bringing them back.
* :mod:`crashing.gateway`: takes the texts with the codes.
* :mod:`crashing.journal`: what each caller was promised, and what the register may therefore hold.
* :mod:`crashing.callers`: people who list numbers, change terms and withdraw.
* :mod:`crashing.publisher`: a process that publishes files without a pause.
* :mod:`crashing.follower`: a copy that follows the feed all along.
* :mod:`crashing.checking`: the end: database, feeds, files and ledger against the journal and each other.
* :mod:`crashing.trial`: all of it together.
"""

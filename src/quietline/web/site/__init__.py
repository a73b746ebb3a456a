"""The site itself: settings, addresses, who may reach which, the look, and what the other rooms of ``web`` share."""

"""From complaints that belong together to an outcome: cases, findings, measures, penalties, letters, referrals."""

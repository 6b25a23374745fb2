"""Webhooks after the Standard Webhooks specification: entries of the journal, posted to subscribers as they come."""

-- Events that are over are removed after a month, oldest first; unmatched ones are kept for a person to look at.
create index webhook_events_over on webhook_events (settled_at, provider, event_id) where state in ('matched', 'ignored');

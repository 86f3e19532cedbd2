-- While the database is away a token is taken at its word, unless its session is known to have been ended. Every node asks
-- once a second which were, and who the operators are: both questions have an index of their own.

create index sessions_ended on sessions (revoked_at) where revoked_at is not null;
create index users_operators on users (id) where role = 'operator';

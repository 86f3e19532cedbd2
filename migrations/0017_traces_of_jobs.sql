-- A job goes on with the trace of the request that made it, and says which request that was. What woke it last is another
-- trace, which its run points at. As W3C Trace Context writes them; absent for what nobody asked for.

alter table jobs
  add column traceparent text,
  add column caused_by text,
  add column request_id text;

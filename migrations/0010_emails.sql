-- Mails as they are sent, frozen when their job first runs, so that a repeat under the key is the same to the letter.
-- first_sent_at begins the life of the provider's key; doubted_at is set when that ended and nobody knows of an answer.
-- The address and the words are a person's: only the mail's worker reads them, and retention removes them.

create table emails (
  key text primary key,
  recipient text not null,
  subject text not null,
  body text not null,
  created_at timestamptz not null default now(),
  first_sent_at timestamptz,
  doubted_at timestamptz,
  provider_id text,
  taken_at timestamptz,
  check ((provider_id is null) = (taken_at is null)),
  check (taken_at is null or first_sent_at is not null)
);
create index emails_taken on emails (taken_at) where taken_at is not null;

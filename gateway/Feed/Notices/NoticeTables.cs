using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Notices;

/// <summary>The tables of the message board (NTC-1).</summary>
public sealed class NoticeTables(NpgsqlDataSource database) : TablesAtStart(database, "feed", Tables)
{
    private const string Tables = """
        create table if not exists notice (
            id uuid primary key,
            slot text not null unique,         -- of notices that replace each other there is one; of others it is the id
            at timestamptz not null,
            kind text not null,
            domain text not null,
            account_id text,
            address text,
            job_id text,
            for_administrators boolean not null,
            for_operators boolean not null,
            for_owner boolean not null,
            started_by text,                   -- a user's account id, or a login
            texts jsonb not null,              -- by language
            read_by text[] not null);          -- users' account ids, and others' logins
        create index if not exists notice_at on notice (at, id);
        create index if not exists notice_domain on notice (domain, at, id);
        create index if not exists notice_account on notice (account_id) where account_id is not null;
        create index if not exists notice_started_by on notice (started_by) where started_by is not null;
        """;
}

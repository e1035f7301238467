using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Gateway.Sessions;

/// <summary>
/// The gateway's tables. A session is judged each time it is read against what became of its login since: whether its
/// password was changed, which domains were given or taken. So an event is one upsert, repeated and reordered ones do no
/// harm, and a sign-in that overlaps with a change cannot slip through.
/// </summary>
public sealed class SessionSchema(NpgsqlDataSource database) : TablesAtStart(database, "gateway", Tables)
{
    private const string Tables = """
        create table if not exists session (
            token_hash bytea primary key,
            id uuid not null unique,
            subject text not null,             -- the account's id, or an operator's or administrator's login
            role text not null,
            login text not null,
            account_id text,
            domains text[] not null,           -- as they were at sign-in
            version bigint not null,           -- the subject's version when its password was verified
            password_change_required boolean not null,
            address text not null,
            created_at timestamptz not null,
            expires_at timestamptz not null);
        alter table session add column if not exists program text not null default '';
        alter table session add column if not exists last_used_at timestamptz not null default now();
        alter table session add column if not exists has_second_factor boolean not null default false;   -- when it signed in, as the next
        alter table session add column if not exists second_factor_required_by text[] not null default '{}';
        create index if not exists session_subject on session (subject, created_at);
        create index if not exists session_expires_at on session (expires_at);

        create table if not exists password_change (
            subject text primary key,
            version bigint not null,           -- sessions that were verified before it have ended
            kept_session uuid,                 -- but for the one that changed it
            decided_at timestamptz not null);

        create table if not exists appointment (
            login text not null,
            domain text not null,
            position bigint not null,          -- the newest that is known
            appointed boolean not null,        -- or dismissed
            decided_at timestamptz not null,
            primary key (login, domain));

        create table if not exists second_factor_change (
            login text primary key,            -- an operator's or administrator's
            version bigint not null,           -- the newest that is known
            enabled boolean not null,
            ended_version bigint not null,     -- sessions that were verified before it have ended; 0: none have
            kept_session uuid,                 -- but for the one that turned it on
            decided_at timestamptz not null);

        create table if not exists second_factor_rule (
            domain text primary key,
            position bigint not null,          -- the newest that is known
            required boolean not null,
            decided_at timestamptz not null);

        create table if not exists known_network (
            login text not null,               -- an operator's or administrator's
            network text not null,
            notice_id uuid not null,
            is_told boolean not null,          -- the first network of a login is not told
            address text not null,
            program text not null,
            first_seen_at timestamptz not null,
            last_seen_at timestamptz not null,
            primary key (login, network));
        create index if not exists known_network_untold on known_network (first_seen_at) where not is_told;
        """;
}

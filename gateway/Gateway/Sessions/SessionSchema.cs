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
        """;
}

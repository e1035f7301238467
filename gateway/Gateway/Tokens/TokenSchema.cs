using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Gateway.Tokens;

/// <summary>
/// The table of API tokens. Like a session, a token is judged each time it is read against what became of its owner since the sign-in
/// of the session that made it.
/// </summary>
public sealed class TokenSchema(NpgsqlDataSource database) : TablesAtStart(database, "gateway", Tables)
{
    private const string Tables = """
        create table if not exists api_token (
            token_hash bytea primary key,
            id uuid not null unique,
            subject text not null,             -- the owner: an account's id, or an operator's or administrator's login
            role text not null,
            login text not null,
            account_id text,
            name text not null,
            scopes text[] not null,
            only_domains text[],               -- null: all of the owner's
            domains text[] not null,           -- the owner's, as they were at the sign-in
            signed_in_at timestamptz not null,
            version bigint not null,           -- the owner's version; a later password change ends the token
            address text not null,
            created_at timestamptz not null,
            expires_at timestamptz not null,
            last_used_at timestamptz,
            last_used_address text,
            revoked_at timestamptz);
        create index if not exists api_token_subject on api_token (subject, created_at);
        create index if not exists api_token_login on api_token (login) where role = 'admin';
        create index if not exists api_token_expires_at on api_token (expires_at);
        """;
}

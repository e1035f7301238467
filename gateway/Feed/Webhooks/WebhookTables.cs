using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Webhooks;

/// <summary>The tables of webhooks and of delivery attempts.</summary>
public sealed class WebhookTables(NpgsqlDataSource database) : TablesAtStart(database, "feed", Tables)
{
    private const string Tables = """
        create table if not exists webhook (
            id uuid primary key,
            url text not null,
            domain text,
            account text,
            types text[],
            description text not null,
            secret bytea not null,             -- sealed, as is the next
            former_secret bytea,
            former_secret_until timestamptz,
            position bigint not null,          -- up to here all is delivered or was not asked for
            turn bigint not null default 1,    -- a delivery that began before a replay does not move the position
            state text not null,
            reason text,
            since timestamptz not null,
            failures int not null default 0,
            failing_since timestamptz,
            not_before timestamptz,
            version bigint not null default 1, -- of what an operator sets
            created_at timestamptz not null);

        -- Ids, times and kinds only: nothing here is personal (OPS-6).
        create table if not exists webhook_delivery (
            id bigserial primary key,
            webhook_id uuid not null references webhook on delete cascade,
            event_id uuid not null,
            type text not null,
            position bigint,                   -- null: a test
            at timestamptz not null,
            attempt int not null,
            status int,
            duration_ms int not null,
            error text);
        create index if not exists webhook_delivery_newest on webhook_delivery (webhook_id, id desc);
        """;
}

using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed;

/// <summary>The feed's tables.</summary>
public sealed class FeedSchema(NpgsqlDataSource database) : TablesAtStart(database, "feed", Tables)
{
    private const string Tables = """
        create table if not exists recorded_event (
            position bigserial primary key,
            event_id uuid not null unique,
            type text not null,
            source text not null,
            subject text not null,
            at timestamptz not null,
            domain text,                       -- null: the operators' alone
            account_id text,
            address text,
            trace text,
            data jsonb not null,
            erased boolean not null default false);
        -- Of what was recorded before this column was there: when that was.
        alter table recorded_event add column if not exists recorded_at timestamptz not null default now();
        create index if not exists recorded_event_domain on recorded_event (domain, position);
        create index if not exists recorded_event_account on recorded_event (account_id, position);
        create index if not exists recorded_event_address on recorded_event (address, position) where address is not null;
        create index if not exists recorded_event_type on recorded_event (type, position);
        create index if not exists recorded_event_time on recorded_event (type, at);
        create index if not exists recorded_event_appointment on recorded_event ((data ->> 'login'), domain, position)
            where type in ('accounts.domain-administrator-appointed', 'accounts.domain-administrator-dismissed');

        -- In whose scope an account's events are, and its address, which its first event tells alone.
        create table if not exists account (
            account_id text primary key,
            domain text,
            address text,
            erased boolean not null default false);

        -- OPS-6: the address, and who and where the account's own user was. Ids, times and kinds stay.
        create or replace function without_person(data jsonb) returns jsonb immutable language sql as $$
            select data
                || case when data ? 'address' then '{"address": ""}'::jsonb else '{}' end
                || case when data #>> '{by,role}' = 'user' then jsonb_build_object('by', (data -> 'by') || '{"login": "", "address": ""}'
                    || case when data #>> '{by,via}' like 'token:%' then '{"via": "token"}'::jsonb else '{}' end) else '{}' end
        $$;
        """;
}

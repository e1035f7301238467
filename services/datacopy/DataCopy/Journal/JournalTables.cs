using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.DataCopy.Journal;

/// <summary>What was copied, by account and source, for as long as the account lives (CPY-4).</summary>
public sealed class JournalTables(NpgsqlDataSource database) : TablesAtStart(database, "datacopy", Tables)
{
    private const string Tables = """
        create table if not exists copy_journal (
            id bigint generated always as identity primary key,
            account_id text not null,
            source text not null,
            marks jsonb not null default '{}',   -- where each of the destination's folders ended when the last run began
            unique (account_id, source));

        create table if not exists copied_message (
            journal bigint not null references copy_journal on delete cascade,
            folder text not null,
            uid_validity bigint not null,
            uid bigint not null,
            digest bytea not null,
            number bigint not null,              -- of the copy that has copied it
            primary key (journal, folder, uid_validity, uid));
        create index if not exists copied_message_digest on copied_message (journal, digest);

        create table if not exists copy_intent (
            id uuid primary key,
            journal bigint not null references copy_journal on delete cascade,
            number bigint not null,
            intent jsonb not null);
        create index if not exists copy_intent_journal on copy_intent (journal);
        """;
}

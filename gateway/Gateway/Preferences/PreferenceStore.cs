using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Gateway.Preferences;

/// <summary>How somebody wants to see the panel, on every device; null: the panel's own choice.</summary>
/// <param name="Language">ja or en.</param>
/// <param name="TimeZone">A name of the IANA time zone database, like <c>Asia/Tokyo</c>.</param>
/// <param name="Theme">light, dark or system.</param>
/// <param name="RowsPerPage">How many rows of a list a page shows.</param>
public sealed record Preference(string? Language = null, string? TimeZone = null, string? Theme = null, int? RowsPerPage = null);

/// <summary>The table of preferences.</summary>
public sealed class PreferenceSchema(NpgsqlDataSource database) : TablesAtStart(database, "gateway", Tables)
{
    private const string Tables = """
        create table if not exists preference (
            subject text primary key,          -- an account's id, or an operator's or administrator's login
            language text,
            time_zone text,
            theme text,
            rows_per_page int);
        """;
}

/// <summary>The preferences in PostgreSQL.</summary>
public sealed class PreferenceStore(NpgsqlDataSource database)
{
    /// <summary>What somebody has chosen.</summary>
    public async Task<Preference> ReadAsync(Session who, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(who);
        return await database.FirstAsync(
            $"select language, time_zone, theme, rows_per_page from preference where subject = {who.AccountId ?? who.Login}",
            row => new Preference(row.TextOrNull(0), row.TextOrNull(1), row.TextOrNull(2), row.IsDBNull(3) ? null : row.GetInt32(3)), stop) ?? new();
    }

    /// <summary>Changes what is not null, and clears texts that are empty; nothing for an account that is being deleted.</summary>
    public Task ChangeAsync(Session who, Preference change, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(who);
        ArgumentNullException.ThrowIfNull(change);
        return database.ExecuteAllAsync(
        [
            ErasedAccounts.Lock(who.AccountId ?? who.Login),
            $"""
            insert into preference as p (subject, language, time_zone, theme, rows_per_page)
            select {who.AccountId ?? who.Login}, nullif({change.Language}::text, ''), nullif({change.TimeZone}::text, ''), nullif({change.Theme}::text, ''), {change.RowsPerPage}::int
            where not exists (select from erased_account where account_id = {who.AccountId}::text)
            on conflict (subject) do update set
                language = nullif(coalesce({change.Language}::text, p.language), ''), time_zone = nullif(coalesce({change.TimeZone}::text, p.time_zone), ''),
                theme = nullif(coalesce({change.Theme}::text, p.theme), ''), rows_per_page = coalesce({change.RowsPerPage}::int, p.rows_per_page)
            """,
        ], stop);
    }
}

/// <summary>The preferences' part in a deletion (OPS-6).</summary>
public sealed class ErasesPreferences(NpgsqlDataSource database) : IErasesAccounts
{
    /// <inheritdoc/>
    public Task EraseAsync(Accounts.Contracts.MailAccountDeletionStarted deletion, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(deletion);
        return database.ExecuteAsync($"delete from preference where subject = {deletion.AccountId}", stop);
    }
}

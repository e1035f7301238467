using System.Data.Common;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.Undo;

/// <summary>
/// Whether accounts hold mail, as their nodes know it now: what they have told by themselves may be older than the last delivery.
/// </summary>
public sealed class MailboxEmptiness(NodeQuestions nodes, NpgsqlDataSource database, TimeProvider time, IConfiguration configuration)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100), AskAgain = TimeSpan.FromSeconds(5);

    /// <summary>How long nodes may take to answer (<c>Hikyaku:UndoPatienceSeconds</c>).</summary>
    public TimeSpan Patience { get; } = TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:UndoPatienceSeconds", 60.0));

    /// <summary>How long they may take once all have been silent for the whole of it.</summary>
    public TimeSpan ShortPatience => Patience < AskAgain ? Patience : AskAgain;

    /// <summary>Has accounts measured by their nodes; answers those of which nothing was heard.</summary>
    public async Task<HashSet<string>> MeasureAsync(string[] accounts, TimeSpan patience, CancellationToken stop)
    {
        var (request, begun, asked) = (Guid.NewGuid().ToString("N"), time.GetTimestamp(), (long?)null);
        while (true)
        {
            var silent = await SilentAsync(request, accounts, stop);
            if (silent.Count == 0 || (asked is not null && time.GetElapsedTime(begun) > patience)) return silent;
            if (asked is null || time.GetElapsedTime(asked.Value) > AskAgain)
            {
                asked = time.GetTimestamp();
                await nodes.AskAsync(new MailboxMeasurementAsked(request, [.. silent]), stop);
            }

            await Task.Delay(Look, time, stop);
        }
    }

    /// <summary>Those that hold mail by the last measurement of each.</summary>
    public static async Task<HashSet<string>> HoldersAsync(IDocumentSession session, IEnumerable<string> accounts, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select account_id from mail_account_list where account_id = any($1) and used_bytes > 0");
        command.Parameters.Add(new() { Value = accounts.ToArray() });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        return await ReadAsync(row, stop);
    }

    private async Task<HashSet<string>> SilentAsync(string request, string[] accounts, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            "select account_id from mail_account_list where account_id = any($1) and deletion_job is null and measured_for is distinct from $2");
        command.Parameters.Add(new() { Value = accounts });
        command.Parameters.Add(new() { Value = request });
        await using var row = await command.ExecuteReaderAsync(stop);
        return await ReadAsync(row, stop);
    }

    private static async Task<HashSet<string>> ReadAsync(DbDataReader row, CancellationToken stop)
    {
        var accounts = new HashSet<string>(StringComparer.Ordinal);
        while (await row.ReadAsync(stop)) accounts.Add(row.GetString(0));
        return accounts;
    }
}

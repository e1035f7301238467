using System.Globalization;
using Hikyaku.Platform;
using Npgsql;
using NpgsqlTypes;

namespace Hikyaku.Feed.Notices;

/// <summary>A notice as the API shows it.</summary>
/// <param name="Id">For marking it.</param>
/// <param name="At">When what it tells happened.</param>
/// <param name="Kind">What it tells, like <c>password-forcibly-changed</c>.</param>
/// <param name="Domain">Where it happened.</param>
/// <param name="Account">The address of the account that it is about; absent when it is about no single one.</param>
/// <param name="Job">The id of the job that it is about, when it is about one.</param>
/// <param name="Text">What happened and what to do, in the reader's language.</param>
/// <param name="Read">Whether the reader has marked it as read.</param>
public sealed record NoticeView(string Id, DateTimeOffset At, string Kind, string Domain, string? Account, string? Job, string Text, bool Read);

/// <summary>One page of notices, newest first.</summary>
/// <param name="Items">The page's notices.</param>
/// <param name="Next">Cursor of the next page; absent on the last.</param>
/// <param name="Unread">How many the reader has not read, whatever was asked for; <see cref="ReadNotices.MaxCounted"/> stands for more, too.</param>
public sealed record NoticePage(IReadOnlyList<NoticeView> Items, string? Next, int Unread);

/// <summary>Who reads the board, as parameters of SQL, and what is read for them.</summary>
/// <param name="Caller">The reader.</param>
/// <param name="Language">Theirs.</param>
internal sealed record NoticeReader(Caller Caller, CultureInfo Language)
{
    /// <summary>What the reader may see: $1 are the domains that they administer, $2 who they are, $3 whether they are an operator.</summary>
    public const string InScope = "((for_administrators and domain = any($1)) or started_by = $2 or (for_owner and account_id = $2) or (for_operators and $3))";

    /// <summary>Whether the reader has not marked it as read.</summary>
    public const string IsUnread = "not ($2 = any(read_by))";

    /// <summary>What <see cref="ListAsync"/> reads; $4 is the language.</summary>
    public const string Columns = "id, at, kind, domain, address, job_id, coalesce(texts ->> $4, texts ->> 'en', ''), $2 = any(read_by)";

    /// <summary>The reader of a request.</summary>
    public static NoticeReader Of(HttpContext http) => new(http.Asking().Caller, Problems.LanguageOf(http.Request));

    /// <summary>A command for this reader. The caller adds its own parameters from $5 on.</summary>
    public NpgsqlCommand Command(NpgsqlDataSource database, string sql, params object[] values)
    {
#pragma warning disable CA2100 // the callers' constants; all values are parameters
        var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        command.Parameters.Add(new() { Value = Caller.Role == Roles.Admin ? Caller.Domains.ToArray() : [], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = Caller.AccountId ?? Caller.Login });
        command.Parameters.Add(new() { Value = Caller.Role == Roles.Operator });
        command.Parameters.Add(new() { Value = Language.TwoLetterISOLanguageName });
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }

    /// <summary>Runs a command that answers <see cref="Columns"/>.</summary>
    public static async Task<List<NoticeView>> ListAsync(NpgsqlCommand command, CancellationToken stop)
    {
        var items = new List<NoticeView>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            items.Add(new(
                row.GetGuid(0).ToString("N"), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3),
                row.IsDBNull(4) ? null : row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5), row.GetString(6), row.GetBoolean(7)));
        }

        return items;
    }
}

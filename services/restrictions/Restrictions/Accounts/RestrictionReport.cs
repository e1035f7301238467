using Hikyaku.MailNode.Contracts;
using System.Globalization;
using System.Text;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Judging;
using Npgsql;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>
/// A restriction as a text that an operator sends to the customer, in Japanese or English: what was seen from a day before it began on, and what to
/// do. It names no threshold (RST-5).
/// </summary>
internal static class RestrictionReport
{
    private const int MostNetworks = 10;
    private static readonly TimeSpan Before = TimeSpan.FromDays(1);

    /// <summary><c>GET /api/v1/accounts/{address}/restrictions/{kind}/report</c> → 200 as text/plain; 404 when there was none.</summary>
    public static async Task<IResult> Handle(string address, string kind, HttpContext http, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        var (account, language) = (http.Asking().Target!, Problems.LanguageOf(http.Request));
        var newest = await database.ListAsync(
            $"select since, until, ended_at, reference from restriction where account_id = {account.AccountId} and kind = {kind} order by since desc limit 1",
            row => (Since: row.GetFieldValue<DateTimeOffset>(0), Until: TimeOrNull(row, 1), EndedAt: TimeOrNull(row, 2), Reference: row.GetString(3)), stop);
        if (newest is not [var restriction]) return Problems.Of(RestrictionsProblems.NoneOfKind);
        var (from, to) = ((restriction.Since - Before).ToUniversalTime(), (restriction.EndedAt ?? time.GetUtcNow()).ToUniversalTime());
        var seen = await SeenAsync(database, account.AccountId, from, to, stop);
        var texts = RestrictionTexts.Of(kind);
        var text = new StringBuilder();
        Add(RestrictionTexts.ReportTitle, ("a", account.Address), ("word", Said(texts.Word)), ("since", Shown(restriction.Since)), ("r", restriction.Reference));
        if (restriction.EndedAt is { } ended) Add(RestrictionTexts.ReportEnded, ("at", Shown(ended)));
        else if (restriction.Until is { } until) Add(RestrictionTexts.ReportUntil, ("at", Shown(until)));
        Add(RestrictionTexts.ReportPeriod, ("from", Shown(from)), ("to", Shown(to)));
        Add(RestrictionTexts.ReportRefused, ("n", seen.Refused), ("networks", seen.RefusedNetworks));
        Add(RestrictionTexts.ReportLetIn, ("n", seen.LetIn), ("networks", seen.Networks.Count > 0 ? string.Join(", ", seen.Networks) : "–"));
        Add(RestrictionTexts.ReportSent, ("n", seen.Messages), ("recipients", seen.Recipients), ("new", seen.FirstTime));
        Add(RestrictionTexts.ReportSigns, ("failed", seen.Failed), ("spam", seen.Spam), ("held", seen.Held));
        if (restriction.EndedAt is null) text.Append('\n').Append(Said(texts.Effect)).Append('\n').Append(Said(texts.Remedy)).Append('\n');
        http.Response.Headers.ContentLanguage = language.Name;
        return Results.Text(text.ToString(), "text/plain", Encoding.UTF8);

        string Said(ProblemCode code) => Problems.Text(new(code), language);

        void Add(ProblemCode code, params (string, object)[] values) => text.Append(Problems.Text(new(code, null, values), language)).Append('\n');
    }

    private static async Task<Seen> SeenAsync(NpgsqlDataSource database, string id, DateTimeOffset from, DateTimeOffset to, CancellationToken stop)
    {
        var logins = (await database.ListAsync(
            $"""
            select coalesce(sum(count) filter (where failure = {LoginFailures.Credentials}), 0)::bigint, count(distinct network) filter (where failure = {LoginFailures.Credentials}),
                coalesce(sum(count) filter (where success = 1), 0)::bigint, coalesce(array_agg(distinct network) filter (where success = 1 and network is not null), array[]::text[])
            from login where account_id = {id} and at between {from} and {to}
            """, row => (Refused: row.GetInt64(0), Networks: row.GetInt64(1), LetIn: row.GetInt64(2), From: row.GetFieldValue<string[]>(3)), stop))[0];
        var sent = (await database.ListAsync(
            $"select count(*), coalesce(sum(recipients), 0)::bigint, coalesce(sum(first_time), 0)::bigint from submission where account_id = {id} and at between {from} and {to}",
            row => (Messages: row.GetInt64(0), Recipients: row.GetInt64(1), FirstTime: row.GetInt64(2)), stop))[0];
        var signs = (await database.ListAsync(
            $"select count(*) filter (where kind = {SignKinds.Failed}), count(*) filter (where kind = {SignKinds.Spam}) from sending_sign where account_id = {id} and at between {from} and {to}",
            row => (Failed: row.GetInt64(0), Spam: row.GetInt64(1)), stop))[0];
        var held = await database.ValueAsync<long>($"select coalesce(sum(jsonb_array_length(messages)), 0)::bigint from held_mail where account_id = {id}", stop);
        return new(logins.Refused, logins.Networks, logins.LetIn, [.. logins.From.Take(MostNetworks)], sent.Messages, sent.Recipients, sent.FirstTime, signs.Failed, signs.Spam, held);
    }

    private static string Shown(DateTimeOffset time) => time.ToUniversalTime().ToString("u", CultureInfo.InvariantCulture);

    private static DateTimeOffset? TimeOrNull(System.Data.Common.DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    private sealed record Seen(
        long Refused, long RefusedNetworks, long LetIn, IReadOnlyList<string> Networks, long Messages, long Recipients, long FirstTime, long Failed, long Spam, long Held);
}

using System.Text.Json;
using Hikyaku.Platform;
using Hikyaku.Spam.Domains;
using Marten;
using Npgsql;

namespace Hikyaku.Spam.Dns;

/// <summary>
/// Looks up one domain and keeps the result. A resolver that does not answer changes nothing but when it was tried: a standing is never lost
/// by the platform's own fault (SPM-5).
/// </summary>
public sealed class DnsCheck(IDocumentStore store, NpgsqlDataSource database, DnsLookup lookup, DnsSettings settings, TimeProvider time)
{
    /// <summary>Waits until nobody else decides about a domain; to the end of the session's transaction.</summary>
    public static async Task TakeTurnAsync(IDocumentSession session, string domain, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        await session.BeginTransactionAsync(stop);
        await session.ExecuteAsync($"select pg_advisory_xact_lock(hashtextextended({domain}, 3))", stop);
    }

    /// <summary>Looks it up; false where the domain is not known.</summary>
    public async Task<bool> RunAsync(string domain, CancellationToken stop)
    {
        if (await DomainTable.ReadAsync(database, domain, stop) is not { } known) return false;
        var (judged, failure) = await JudgeAsync(domain, stop);
        var records = judged is null ? null : await RecommendedAsync(domain, known, stop);
        var now = time.GetUtcNow();
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        await TakeTurnAsync(session, domain, stop);
        if (judged is not null)
        {
            var stream = await session.Events.FetchForWriting<DomainStanding>(DomainStanding.KeyOf(domain), stop);
            stream.AppendMany(RecordDnsCheck.Decide(new(domain, judged, now), stream.Aggregate).Events);
        }

        session.QueueSqlCommand(
            "update domain_dns set checked_at = coalesce(?, checked_at), tried_at = ?, failure = ?, records = coalesce(?::jsonb, records), due_at = ? where domain = ?",
            OrNull(judged is null ? null : now), now, OrNull(failure), OrNull(records is null ? null : JsonSerializer.Serialize(records)), now + settings.Interval, domain);
        await session.SaveChangesAsync(stop);
        return true;
    }

    private async Task<(JudgedDns? Judged, string? Failure)> JudgeAsync(string domain, CancellationToken stop)
    {
        if (settings.Resolver is null) return (JudgedDns.Assumption, null);
        try
        {
            return (JudgedDns.Of(await lookup.FindAsync(domain, stop), settings.MailHosts, settings.NameServers), null);
        }
        catch (NoDnsResultException e)
        {
            return (null, e.Failure);
        }
    }

    // They decide nothing. What was found before stands if one of them cannot be looked up.
    private async Task<IReadOnlyList<FoundRecord>?> RecommendedAsync(string domain, DomainFacts known, CancellationToken stop)
    {
        if (settings.Resolver is null) return null;
        try
        {
            return await lookup.RecommendedAsync(domain, known.Dkim.Select(d => d.Name), stop);
        }
        catch (NoDnsResultException)
        {
            return null;
        }
    }

    private static object OrNull(object? value) => value ?? DBNull.Value;
}

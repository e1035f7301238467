using System.Text.Json.Nodes;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Judging;
using Marten;
using Npgsql;

namespace Hikyaku.Restrictions.Sources;

/// <summary>A network that is stopped, for operators.</summary>
/// <param name="Network">IPv4 /24 or IPv6 /64.</param>
/// <param name="Since">When it was stopped.</param>
/// <param name="Until">When it ends.</param>
/// <param name="Reference">For support.</param>
/// <param name="Counted">What the rule has counted. Its samples are login names of accounts, or their ids when nothing is known of them any more.</param>
public sealed record StoppedNetwork(string Network, DateTimeOffset Since, DateTimeOffset Until, string Reference, JsonNode? Counted);

/// <summary>Those that are stopped.</summary>
/// <param name="Items">The newest first, 1,000 at most.</param>
public sealed record StoppedNetworkList(IReadOnlyList<StoppedNetwork> Items);

/// <summary>Which network may log in again, and why.</summary>
/// <param name="Network">As it is listed.</param>
/// <param name="Reason">1 to 255 characters.</param>
public sealed record ReleaseBody(string? Network, string? Reason);

/// <summary>The networks that are stopped (RST-3), and their release by an operator.</summary>
public static class StoppedNetworks
{
    private const int Most = 1000;

    /// <summary><c>GET /api/v1/stopped-networks</c> → 200.</summary>
    public static async Task<IResult> List(IDocumentStore store, NpgsqlDataSource database, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        var all = await session.Query<SourceStanding>().Where(s => s.Until != null).OrderByDescending(s => s.Since).Take(Most).ToListAsync(stop);
        var counted = all.Select(s => Evidence.Read(s.Evidence)!).ToList();
        var names = await NamesAsync(database, [.. counted.SelectMany(c => c.Samples ?? []).Distinct()], stop);
        return new Answer(200, new StoppedNetworkList([.. all.Zip(counted, (s, c) => new StoppedNetwork(
            s.Network, s.Since, s.Until!.Value, s.Reference, JsonNode.Parse((c with { Samples = c.Samples?.Select(id => names.GetValueOrDefault(id, id)).ToList() }).Text)))]));
    }

    // By the facts of logins, which are erased with the account.
    private static async Task<Dictionary<string, string>> NamesAsync(NpgsqlDataSource database, string[] accounts, CancellationToken stop) => (await database.ListAsync(
        $"select account_id, min(name) from login where account_id = any({accounts}) and name is not null group by account_id", row => (row.GetString(0), row.GetString(1)), stop))
        .ToDictionary(n => n.Item1, n => n.Item2, StringComparer.Ordinal);

    /// <summary>Decides a release; pure.</summary>
    public static Decision Decide(string? reason, DateTimeOffset now, SourceStanding? standing)
    {
        var broken = PlaceRestriction.BrokenBy(reason).ToList();
        if (broken.Count > 0) return Decision.Reject(broken);
        return standing?.Until is null
            ? Decision.Reject(new Rejection(RestrictionsProblems.NotStopped))
            : Decision.Accept(new SourceReleased(standing.Network, LiftCauses.Operator, reason!.Trim(), now));
    }

    /// <summary><c>POST /api/v1/stopped-networks/release</c> → 204. A network has a slash in its name, so it is not in the path.</summary>
    public static async Task<IResult> Release(ReleaseBody body, CommandContext context, CancellationToken stop)
    {
        if (Networks.Of(body.Network) is not { } network) return Problems.Of(RestrictionsProblems.NetworkInvalid, "network", ("x", body.Network ?? ""));
        var stream = await context.Session.Events.FetchForWriting<SourceStanding>(SourceStanding.KeyOf(network), stop);
        return context.Conclude(stream, Decide(body.Reason, context.Now, stream.Aggregate), (_, version) => new Answer(204, Version: version));
    }
}

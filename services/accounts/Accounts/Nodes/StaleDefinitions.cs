using System.Resources;
using System.Security.Cryptography;
using System.Text;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Marten;
using MassTransit;
using NoticeKinds = Hikyaku.Accounts.Contracts.NoticeKinds;

namespace Hikyaku.Accounts.Nodes;

/// <summary>
/// Alarms operators when what a node's spam filter or virus scanner fetches is older than 24 hours (SPM-7): a notice a day, of which the
/// newest stays. Every instance of the service does it: the same notice twice is one.
/// </summary>
public sealed partial class StaleDefinitions(IDocumentStore store, IBus bus, TimeProvider time, ILogger<StaleDefinitions> log) : BackgroundService
{
    /// <summary>From this age on.</summary>
    public static readonly TimeSpan Stale = TimeSpan.FromHours(24);

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);
    private static readonly ResourceManager Texts = new("Hikyaku.Accounts.Notices.NoticeTexts", typeof(StaleDefinitions).Assembly);
    private static readonly ProblemCode StaleSpamRules = new("notices.stale-spam-rules", 200, Texts);
    private static readonly ProblemCode StaleVirusSignatures = new("notices.stale-virus-signatures", 200, Texts);

    /// <summary>The notices that are due now; pure.</summary>
    public static IEnumerable<NoticeRaised> Of(IEnumerable<NodeLease> leases, DateTimeOffset now) =>
        from lease in leases
        where lease.Until > now
        from definition in lease.Definitions ?? new Dictionary<string, DateTimeOffset>()
        where now - definition.Value > Stale
        select Of(lease.Id, definition.Key, definition.Value, now);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await using var session = store.QuerySession();
                foreach (var notice in Of(await session.Query<NodeLease>().ToListAsync(stoppingToken), time.GetUtcNow())) await bus.Publish(notice, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogPutOff(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static NoticeRaised Of(string node, string definition, DateTimeOffset since, DateTimeOffset now)
    {
        var code = definition == DefinitionNames.SpamRules ? StaleSpamRules : StaleVirusSignatures;
        var key = $"{Program.Service} {NoticeKinds.StaleDefinitions} {node} {definition}";
        var id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{key} {now.UtcDateTime:yyyy-MM-dd}")).AsSpan(0, 16));
        return new(
            id, NoticeKinds.StaleDefinitions, now, new(Administrators: false, Operators: true), "", AccountId: null, Address: null, Job: null,
            Problems.InEveryLanguage(language => Problems.Text(new(code, null, ("node", node), ("hours", (long)(now - since).TotalHours)), language)), Replaces: key);
    }

    [LoggerMessage(1, LogLevel.Warning, "The age of nodes' definitions could not be looked at; it is tried again")]
    private partial void LogPutOff(Exception e);
}

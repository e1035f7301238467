using System.Resources;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Spam.Domains;
using Hikyaku.Spam.Storage;
using JasperFx.Events;
using Npgsql;
using NoticeKinds = Hikyaku.Spam.Contracts.NoticeKinds;

namespace Hikyaku.Spam.Notices;

/// <summary>Tells the administrators of a domain, and operators, that its accounts' spam settings do not act any more (SPM-5). Of a domain the newest notice stays.</summary>
public sealed class StandingNotices(NpgsqlDataSource database)
{
    private static readonly ResourceManager Texts = new("Hikyaku.Spam.Notices.StandingNotices", typeof(StandingNotices).Assembly);
    private static readonly ProblemCode Lost = new("notices.domain-standing-lost", 200, Texts);

    private static readonly Dictionary<string, Type> Types = EventNames.All.ToDictionary(n => n.Value, n => n.Key);

    /// <summary>The notices of a page of events.</summary>
    public async Task<IReadOnlyList<NoticeRaised>> NoticesAsync(IReadOnlyList<IEvent> page, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(page);
        var notices = new List<NoticeRaised>();
        foreach (var e in page.Where(e => DomainStanding.Events.Contains(e.EventType)))
        {
            var before = await BeforeAsync(e, stop);
            if (before is { InForce: true } && DomainStanding.Evolve(before, e.Data) is { InForce: false } lost) notices.Add(Of(e, lost.Domain));
        }

        return notices;
    }

    private async Task<DomainStanding?> BeforeAsync(IEvent e, CancellationToken stop)
    {
        var earlier = await database.ListAsync(
            $"select type, data from mt_events where stream_id = {e.StreamKey} and version < {e.Version} order by version",
            row =>
            {
                var type = Types[row.GetString(0)];
                using var json = row.GetStream(1);
                return EventStore.Serializer.FromJson(type, json);
            },
            stop);
        return earlier.Aggregate(default(DomainStanding), DomainStanding.Evolve);
    }

    private static NoticeRaised Of(IEvent e, string domain) => new(
        e.Id, NoticeKinds.DomainStandingLost, EventTimes.AtOf(e), new(Administrators: true, Operators: true), domain, AccountId: null, Address: null, Job: null,
        Problems.InEveryLanguage(language => Problems.Text(new(Lost, null, ("d", domain)), language)),
        Replaces: $"{Program.Service} {NoticeKinds.DomainStandingLost} {domain}");
}

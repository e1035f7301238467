using System.Resources;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Routing.Mailboxes;
using JasperFx.Events;
using Npgsql;
using NoticeKinds = Hikyaku.Routing.Contracts.NoticeKinds;

namespace Hikyaku.Routing.Notices;

/// <summary>
/// Tells an account's owner of a destination outside of the platform that the account did not have before (RTE-11): somebody who got
/// at the password may have set it. Of an account that has gone meanwhile there is nothing to tell.
/// </summary>
public sealed class OutsideDestinations(NpgsqlDataSource database)
{
    private static readonly ResourceManager Texts = new("Hikyaku.Routing.Notices.RoutingNotices", typeof(OutsideDestinations).Assembly);
    private static readonly ProblemCode NewDestination = new("notices.new-outside-destination", 200, Texts);

    /// <summary>The notices of a page of events.</summary>
    public async Task<IReadOnlyList<NoticeRaised>> NoticesAsync(IReadOnlyList<IEvent> page, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(page);
        var set = page.Where(e => e.Data is ForwardingRuleSet { Address.Length: > 0 }).ToList();
        if (set.Count == 0) return [];
        var served = (await database.ListAsync($"select domain from served_domain", row => row.GetString(0), stop)).ToHashSet(StringComparer.Ordinal);
        var notices = new List<NoticeRaised>();
        foreach (var e in set)
        {
            var former = await FormerAsync(e, stop);
            var rule = (ForwardingRuleSet)e.Data;
            var outside = rule.Destinations.Where(d => !former.Contains(d) && d[(d.LastIndexOf('@') + 1)..] is var domain && domain != rule.Domain && !served.Contains(domain)).ToList();
            if (outside.Count > 0) notices.Add(Of(e, rule, outside));
        }

        return notices;
    }

    // What the rules before this event forwarded to, at any time: who was told of a destination once is not told again.
    private async Task<HashSet<string>> FormerAsync(IEvent e, CancellationToken stop)
        => (await database.ListAsync(
            $"""
            select distinct d from mt_events, jsonb_array_elements_text(data -> 'Destinations') as d
            where stream_id = {e.StreamKey} and version < {e.Version} and type = 'routing.forwarding-rule-set.v1'
            """,
            row => row.GetString(0), stop)).ToHashSet(StringComparer.Ordinal);

    private static NoticeRaised Of(IEvent e, ForwardingRuleSet rule, IReadOnlyList<string> outside) => new(
        e.Id, NoticeKinds.NewOutsideDestination, rule.At, new(Administrators: false, Operators: false, Owner: true), rule.Domain, rule.AccountId, rule.Address, Job: null,
        Problems.InEveryLanguage(language => Problems.Text(new(NewDestination, null, ("a", rule.Address), ("x", string.Join(", ", outside))), language)));
}

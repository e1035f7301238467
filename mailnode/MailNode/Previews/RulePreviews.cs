using Hikyaku.MailNode.Contracts;
using Hikyaku.Routing.Contracts;
using MassTransit;

namespace Hikyaku.MailNode;

/// <summary>
/// Tries rules on stored mail: the headers of the newest messages are written into an mbox, and Pigeonhole runs the rule's script
/// on it (<see cref="SieveFilter"/>).
/// </summary>
public sealed partial class RulePreviews(NodeSettings settings, Replica replica, Doveadm doveadm, SieveFilter filter, IBus bus, ILogger<RulePreviews> logger)
    : Questions<RulePreviewAsked>(bus, Patience)
{
    private const int Newest = 1000, MostShown = 100, FoldersAtMost = 200, UidsInQuery = 200, Widening = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    protected override async Task<object?> AnswerAsync(RulePreviewAsked asked, CancellationToken stop)
    {
        var address = await replica.WriteAsync(r => r.One<string>("SELECT address FROM placed WHERE is_here AND account_id = $1", asked.AccountId), stop);
        if (address is null) return null; // another node has it
        if (!settings.HasMailFolder(asked.AccountId)) return new RulePreviewed(settings.Node, asked.RequestId, 0, 0, []);
        if (await NewestAsync(address, stop) is not { } messages) return null;
        var matching = await filter.MatchingAsync([.. messages.Select(m => m.Header)], asked.Script, stop);
        return matching is null ? null : new RulePreviewed(settings.Node, asked.RequestId, messages.Count, matching.Count, [.. matching.Take(MostShown).Select(i => messages[i].Shown())]);
    }

    // Newest first.
    private async Task<List<Doveadm.Message>?> NewestAsync(string address, CancellationToken stop)
    {
        if (await doveadm.FoldersAsync(address, stop) is not { } folders) return null;
        var candidates = new List<(Doveadm.Folder Folder, long Uid, long ReceivedAt)>();
        foreach (var folder in folders.Where(f => f.Messages > 0).Take(FoldersAtMost))
        {
            if (await NewestAsync(address, folder, stop) is not { } times) return null;
            candidates.AddRange(times.Select(t => (folder, t.Uid, t.ReceivedAt)));
        }

        var messages = new List<Doveadm.Message>();
        foreach (var folder in candidates.OrderByDescending(c => c.ReceivedAt).Take(Newest).GroupBy(c => c.Folder))
        {
            foreach (var uids in folder.Chunk(UidsInQuery))
            {
                if (await doveadm.HeadersAsync(address, ["mailbox-guid", folder.Key.Identity, "uid", string.Join(',', uids.Select(u => u.Uid))], stop) is not { } some) return null;
                messages.AddRange(some);
            }
        }

        return [.. messages.OrderByDescending(m => m.ReceivedAt)];
    }

    // UIDs have gaps, as messages are moved and deleted: a range that holds too few is made longer.
    private async Task<IReadOnlyList<(long Uid, long ReceivedAt)>?> NewestAsync(string address, Doveadm.Folder folder, CancellationToken stop)
    {
        for (long length = Newest; ; length *= Widening)
        {
            var from = Math.Max(1, folder.UidNext - length);
            var times = await doveadm.TimesAsync(address, ["mailbox-guid", folder.Identity, "uid", $"{from}:*"], stop);
            if (times is null || times.Count >= Math.Min(Newest, folder.Messages) || from == 1) return times;
        }
    }

    /// <inheritdoc/>
    protected override void LogFailed(Exception e, RulePreviewAsked asked) => LogNotAnswered(e, asked.AccountId);

    [LoggerMessage(1, LogLevel.Warning, "A rule could not be tried on the mail of {AccountId}")]
    private partial void LogNotAnswered(Exception e, string accountId);
}

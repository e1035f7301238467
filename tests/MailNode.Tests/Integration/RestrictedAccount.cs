using System.Net;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Contracts;
using MailKit;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What accounts and networks may not do, told to the node as the restrictions service tells it.</summary>
internal static class RestrictedAccount
{
    private static int _versions;

    /// <summary>Restricts an account in this way and no other; none: it is not restricted any more.</summary>
    public static Task RestrictAsync(this Account account, IReadOnlyList<Block> blocks, params string[] known)
        => account.RestrictAsync(blocks, [], known);

    /// <summary>The same, and what was decided about mail that is held.</summary>
    public static Task RestrictAsync(this Account account, IReadOnlyList<Block> blocks, IReadOnlyList<DecidedMail> decided, params string[] known)
        => account.Node.PublishRestrictionAsync(at => new RestrictionState(account.State.AccountId, blocks, known, decided, Interlocked.Increment(ref _versions), at, Deleted: false));

    /// <summary>Stops a network but for some accounts.</summary>
    public static Task StopSourceAsync(this MailNodeUnderTest node, string network, bool isReleased = false, params string[] known)
        => node.PublishRestrictionAsync(at => new SourceState(
            network, DateTimeOffset.UtcNow.AddHours(1), "R-STOPPED0", "Logging in is stopped. Reference R-STOPPED0", known, Interlocked.Increment(ref _versions), at, isReleased));

    /// <summary>A restriction of a kind.</summary>
    public static Block Block(string kind, string? network = null, DateTimeOffset? until = null)
    {
        var reference = $"R-{Guid.NewGuid():N}"[..10];
        return new(kind, network, until, reference, $"Do something about {kind}. Reference {reference}");
    }

    /// <summary>Has a mail program connect from another address of this machine.</summary>
    public static T From<T>(this T client, string address) where T : MailService
    {
        client.LocalEndPoint = new IPEndPoint(IPAddress.Parse(address), 0);
        return client;
    }

    private static async Task PublishRestrictionAsync<T>(this MailNodeUnderTest node, Func<long, T> make) where T : class
    {
        var position = 0L;
        var state = node.Restrictions.Keep(at => make(position = at));
        await node.Broker.PublishAsync(state);
        await node.Broker.PublishAsync(new NodeStateBookmark("restrictions", position));
        await Eventually.Async(() => node.Restrictions.Applied >= position);
    }
}

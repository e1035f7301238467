using System.Security.Cryptography;
using System.Text;
using Hikyaku.Contracts;
using Hikyaku.DataCopy.Contracts;
using Hikyaku.Platform.Testing;
using MailKit.Net.Imap;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Grants of the copy worker, told to the node as the copy service tells them, and the worker that uses them.</summary>
internal static class CopyWorker
{
    private const string SameText = "The address or the password is not right";
    private static int _versions;

    /// <summary>Lets the worker into the account's mailbox, for an hour unless another time is given; answers the secret.</summary>
    public static async Task<string> GrantCopyAsync(this Account account, TimeSpan? lasting = null, string? secret = null, bool wait = true)
    {
        secret ??= Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        await account.TellGrantAsync(HashOf(secret), DateTimeOffset.UtcNow + (lasting ?? TimeSpan.FromHours(1)), wait: wait);
        return secret;
    }

    /// <summary>Takes the grant back.</summary>
    public static Task WithdrawCopyAsync(this Account account, bool deleted = false, bool wait = true) => account.TellGrantAsync(null, null, deleted, wait);

    /// <summary>Tells a grant; <paramref name="wait"/> until every node obeys.</summary>
    public static async Task TellGrantAsync(this Account account, string? hash, DateTimeOffset? until, bool deleted = false, bool wait = true)
    {
        var (service, broker, position) = (account.Node.DataCopy, account.Node.Broker, 0L);
        var state = service.Keep(at => new CopyGrantState(account.State.AccountId, hash, until, Interlocked.Increment(ref _versions), position = at, deleted));
        await broker.PublishAsync(state);
        await broker.PublishAsync(new NodeStateBookmark("datacopy", position));
        if (wait) await Eventually.Async(() => service.Applied >= position, TimeSpan.FromSeconds(40));
    }

    /// <summary>As Dovecot writes it.</summary>
    public static string HashOf(string secret)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        return "{SSHA512}" + Convert.ToBase64String([.. SHA512.HashData([.. Encoding.UTF8.GetBytes(secret), .. salt]), .. salt]);
    }

    /// <summary>The name by which the worker logs in.</summary>
    public static string CopyLogin(this Account account) => account.Address + CopyGrantState.LoginSuffix;

    /// <summary>The worker, logged in.</summary>
    public static async Task<ImapClient> CopyingAsync(this Account account, string secret, string from = "127.0.0.1")
    {
        var client = new ImapClient { Timeout = 60_000, ServerCertificateValidationCallback = account.Node.IsItsCertificate }.From(from);
        await client.ConnectAsync("127.0.0.1", account.Node.Port("IMAP"), SecureSocketOptions.None);
        await client.AuthenticateAsync(account.CopyLogin(), secret);
        return client;
    }

    /// <summary>Whether a login is refused as a wrong password is.</summary>
    public static async Task<bool> IsRefusedAsync(this MailNodeUnderTest node, string login, string secret, string from = "127.0.0.1")
        => await node.ImapLoginAsync($"\"{login}\"", secret, from) is var answer && answer.StartsWith("a NO", StringComparison.Ordinal)
            && answer.Contains(SameText, StringComparison.Ordinal);

    /// <summary>Whether the worker is refused as a wrong password is.</summary>
    public static Task<bool> IsCopyRefusedAsync(this Account account, string secret, string from = "127.0.0.1") => account.Node.IsRefusedAsync(account.CopyLogin(), secret, from);
}

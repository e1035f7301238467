using System.Globalization;
using Hikyaku.Copier.Tests.Integration;

[assembly: AssemblyFixture(typeof(TwoServers))]

namespace Hikyaku.Copier.Tests.Integration;

/// <summary>
/// A source as many hosting companies have it (maildir, folders below <c>INBOX.</c>), and a destination as our mail nodes are.
/// </summary>
public sealed class TwoServers : IAsyncLifetime
{
    private static int _users;

    private readonly MailServer _source = new("maildir:~/Maildir", '.', "INBOX.", "");

    private readonly MailServer _destination = new("maildir:~/Maildir:LAYOUT=fs:INDEX=~/index:CONTROL=~/control", '/', "",
        string.Join('\n', new[] { "Drafts", "Sent", "Trash", "Junk", "Archive" }.Select(f => $"mailbox {f} {{\nauto = subscribe\nspecial_use = \\{f}\n}}")));

    public async ValueTask InitializeAsync()
    {
        await _source.StartedAsync();
        await _destination.StartedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _destination.DisposeAsync();
    }

    /// <summary>A pair of empty mailboxes that nobody else uses.</summary>
    internal CopyUnderTest NewCopy(bool small = false)
    {
        var user = string.Create(CultureInfo.InvariantCulture, $"{(small ? "small" : "taro")}{Interlocked.Increment(ref _users)}");
        return new(new(_source, user.Replace("small", "taro", StringComparison.Ordinal)), new(_destination, user));
    }
}

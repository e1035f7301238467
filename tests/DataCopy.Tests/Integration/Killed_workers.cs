using Hikyaku.Copier.Tests.Integration;
using Hikyaku.Platform.Testing;

namespace Hikyaku.DataCopy.Tests.Integration;

/// <summary>A platform of this class alone, whose workers are processes of their own.</summary>
public sealed class PlatformToKill : CopyPlatform;

[Trait("Rule", "CPY-4"), Trait("Rule", "REL-4")]
public sealed class Killed_workers(PlatformToKill platform) : IClassFixture<PlatformToKill>
{
    private const int Messages = 3000;

    [Fact, Trait("Rule", "SEC-4")]
    public async Task A_killed_workers_copy_is_taken_over_and_no_message_comes_twice()
    {
        await platform.StopAsync();
        await platform.StartWithoutWorkersAsync();
        var copy = platform.NewCopy();
        await copy.Source.StoreAsync("INBOX", [.. Enumerable.Range(0, Messages / 2).Select(i => Mailbox.Message($"a{i}", 2_000))]);
        await copy.Source.StoreAsync("INBOX.Work", [.. Enumerable.Range(0, Messages / 2).Select(i => Mailbox.Message($"b{i}", 2_000))]);
        string id;
        await using (var killed = platform.StartToKill())
        {
            id = (string)(await copy.StartAsync()).Body!["id"]!;
            await Eventually.Async(() => platform.AskAsync<bool>($"select exists (select from copied_message)"), TimeSpan.FromSeconds(120));
            await killed.StopAsync();
            Assert.DoesNotContain(MailServer.Password, await killed.OutputAsync(1000), StringComparison.Ordinal);
        }

        Assert.Equal("running", (string)(await copy.ReadAsync(id))["state"]!);
        await using var successor = platform.StartToKill();
        var ended = await Eventually.Async(() => copy.ReadAsync(id), c => c["finishedAt"] is not null, TimeSpan.FromSeconds(180));

        Assert.Equal(("succeeded", Messages, 0), ((string)ended["state"]!, (int)ended["messages"]!["copied"]!, (int)ended["messages"]!["alreadyThere"]!));
        var (source, destination) = (await copy.Source.ReadAsync(), await copy.Destination.ReadAsync());
        foreach (var (from, to) in new[] { ("INBOX", "INBOX"), ("INBOX.Work", "Work") })
            Assert.Equal(source[from].Select(m => (m.Digest, m.Flags, m.ReceivedAt)).Order(), destination[to].Select(m => (m.Digest, m.Flags, m.ReceivedAt)).Order());
    }
}

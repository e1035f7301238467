using Hikyaku.Platform;

namespace Hikyaku.Copier.Tests.Integration;

/// <summary>A copy between two mailboxes, with the journal that its runs share.</summary>
internal sealed record CopyUnderTest(Mailbox Source, Mailbox Destination)
{
    public MemoryJournal Journal { get; } = new();

    /// <summary>The bounds, with shorter pauses.</summary>
    public CopySettings Settings { get; init; } = new()
    {
        FirstPause = TimeSpan.FromMilliseconds(20),
        SettleAfter = TimeSpan.FromMilliseconds(100),
        ConnectWithin = TimeSpan.FromSeconds(10),
    };

    public int? SourcePort { get; init; }

    public int? DestinationPort { get; init; }

    public Task<CopyResult> RunAsync(IProgress<CopyProgress>? listener = null, CancellationToken stop = default)
        => new MailboxCopier(new(new NetworkGuard("127.0.0.0/8"), Settings), Settings)
            .CopyAsync(Source.AsSource(SourcePort), Destination.AsDestination(DestinationPort), Journal, listener, stop);

    /// <summary>Runs it to its end.</summary>
    public async Task<CopyResult> SucceedAsync()
    {
        var result = await RunAsync();
        Assert.True(result.Failure is null, $"{result.Failure}");
        return result;
    }

    /// <summary>Whether the destination has exactly what the source has, in the folder of the same name.</summary>
    public async Task AssertSameAsync(Func<string, string>? destinationOf = null)
    {
        var (source, destination) = (await Source.ReadAsync(), await Destination.ReadAsync());
        foreach (var (folder, messages) in source)
        {
            var name = destinationOf?.Invoke(folder) ?? folder.Replace("INBOX.", "", StringComparison.Ordinal).Replace('.', '/');
            Assert.Equal(Sorted(messages), Sorted(destination[name]));
        }

        Assert.Equal(source.Values.Sum(m => m.Count), destination.Values.Sum(m => m.Count));
    }

    private static IEnumerable<Stored> Sorted(IEnumerable<Stored> messages) => messages.OrderBy(m => m.Digest, StringComparer.Ordinal).ThenBy(m => m.ReceivedAt).ThenBy(m => m.Flags, StringComparer.Ordinal);
}

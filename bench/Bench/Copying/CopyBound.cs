namespace Hikyaku.Bench.Copying;

/// <summary>
/// How fast a copy can be that does nothing but copy: it keeps no journal, maps no names, checks nothing and does not go on after a failure.
/// All folders are asked for at once, and one MULTIAPPEND is written while the next is gathered.
/// </summary>
internal static class CopyBound
{
    private const int BatchMessages = 100;
    private const long BatchBytes = 8 * 1024 * 1024;

    public static async Task RunAsync(CopyCase copy)
    {
        using var source = await ImapWire.LogInAsync(copy.SourcePort, copy.SourceUser, CopyCase.Password);
        using var destination = await ImapWire.LogInAsync(copy.DestinationPort, copy.DestinationUser, CopyCase.Password);
        var asked = new List<(string Folder, string Examine, string Fetch)>();
        foreach (var folder in await source.FoldersAsync())
            asked.Add((folder, await source.SendAsync($"EXAMINE \"{folder}\""), await source.SendAsync("UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])")));

        foreach (var (folder, examine, fetch) in asked)
        {
            var target = CopyCase.NameAtDestination(folder);
            if (target != "INBOX") await destination.CommandAsync($"CREATE \"{target}\"");
            await source.DoneAsync(examine);
            await CopyAsync(source.FetchedAsync(fetch), destination, target);
        }
    }

    private static async Task CopyAsync(IAsyncEnumerable<WireMessage> messages, ImapWire destination, string folder)
    {
        string? before = null;
        var (batch, bytes) = (new List<WireMessage>(), 0L);
        await foreach (var message in messages)
        {
            batch.Add(message);
            bytes += message.Bytes.Length;
            if (batch.Count >= BatchMessages || bytes >= BatchBytes) await WriteAsync();
        }

        if (batch.Count > 0) await WriteAsync();
        if (before is not null) await destination.DoneAsync(before);

        async Task WriteAsync()
        {
            var tag = await destination.SendAppendAsync(folder, batch);
            if (before is not null) await destination.DoneAsync(before);
            (before, batch, bytes) = (tag, [], 0);
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;

namespace Hikyaku.Bench.Copying;

/// <summary>A mailbox in what must be the same after a copy: by folder and SHA-256 of a message's bytes, dates and flags of all that have it.</summary>
internal sealed record MailboxComparison(IReadOnlyDictionary<(string Folder, string Digest), List<(DateTimeOffset At, string Flags)>> Messages)
{
    private const string DateFormat = "d-MMM-yyyy HH:mm:ss zzz";

    public int Count => Messages.Values.Sum(m => m.Count);

    /// <summary>Reads a mailbox.</summary>
    /// <param name="port">The server.</param>
    /// <param name="user">The mailbox.</param>
    /// <param name="nameOf">What a folder is called in the comparison.</param>
    public static async Task<MailboxComparison> ReadAsync(int port, string user, Func<string, string> nameOf)
    {
        var messages = new Dictionary<(string, string), List<(DateTimeOffset, string)>>();
        using var wire = await ImapWire.LogInAsync(port, user, CopyCase.Password);
        foreach (var folder in await wire.FoldersAsync())
        {
            await wire.CommandAsync($"EXAMINE \"{folder}\"");
            await foreach (var message in wire.FetchedAsync(await wire.SendAsync("UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])")))
            {
                var key = (nameOf(folder), Convert.ToHexString(SHA256.HashData(message.Bytes)));
                if (!messages.TryGetValue(key, out var same)) messages[key] = same = [];
                same.Add((DateTimeOffset.ParseExact(message.Date.Trim(), DateFormat, CultureInfo.InvariantCulture), message.Flags));
            }
        }

        return new(messages);
    }

    /// <summary>Reads a copy. A tool that puts all below the inbox, as the source has it, is not blamed for that.</summary>
    public static Task<MailboxComparison> ReadCopyAsync(CopyCase copy)
        => ReadAsync(copy.DestinationPort, copy.DestinationUser, f => f.StartsWith("INBOX/", StringComparison.Ordinal) ? f["INBOX/".Length..] : f);

    /// <summary>What is different in a copy of this one; "all equal" if nothing is.</summary>
    public string To(MailboxComparison copy)
    {
        var (missing, added, dates, flags) = (0, 0, 0, 0);
        foreach (var key in Messages.Keys.Union(copy.Messages.Keys))
        {
            var (ours, theirs) = (Messages.GetValueOrDefault(key) ?? [], copy.Messages.GetValueOrDefault(key) ?? []);
            missing += Math.Max(0, ours.Count - theirs.Count);
            added += Math.Max(0, theirs.Count - ours.Count);
            var both = Math.Min(ours.Count, theirs.Count);
            dates += ours.Select(m => m.At).Order().Take(both).Zip(theirs.Select(m => m.At).Order()).Count(p => p.First != p.Second);
            flags += ours.Select(m => m.Flags).Order(StringComparer.Ordinal).Take(both).Zip(theirs.Select(m => m.Flags).Order(StringComparer.Ordinal)).Count(p => p.First != p.Second);
        }

        var found = new[] { (missing, "missing or changed"), (added, "added or changed"), (dates, "other date"), (flags, "other flags") }.Where(f => f.Item1 > 0);
        return string.Join(", ", found.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Item1} {f.Item2}"))) is { Length: > 0 } text ? text : "all equal";
    }
}

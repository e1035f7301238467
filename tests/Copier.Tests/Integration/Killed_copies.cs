using System.Globalization;
using CsCheck;
using Hikyaku.Platform.Testing;
using MailKit;

namespace Hikyaku.Copier.Tests.Integration;

public class Killed_copies(TwoServers servers)
{
    private const string Sent = "INBOX.送信済みトレイ";
    private static readonly int Kills = Campaign.Size("copies", everyDay: 8);

    [Fact, Trait("Rule", "REL-4"), Trait("Rule", "CPY-4"), Trait("Size", "copies")]
    public async Task A_process_that_is_killed_at_any_point_loses_and_doubles_nothing()
    {
        var chance = new PCG(1, (ulong)Campaign.Seed);
        var folder = Directory.CreateTempSubdirectory("hikyaku-copies-");
        var source = await FilledAsync();
        var (_, whole) = await NewProcess(source, folder).RunAsync();
        await source.AssertSameAsync(NameOf);
        var killed = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var copy = servers.NewCopy() with { Source = source.Source, Settings = source.Settings };
            var process = NewProcess(copy, folder);
            var points = new List<long>();
            // Half of them are killed once more when they go on.
            for (var times = 1 + (chance.Next(2) == 0 ? 1 : 0); times > 0; times--)
            {
                points.Add((long)(whole * (chance.Next(1000) / 1000.0)));
                killed += (await process.RunAsync(points[^1])).Killed ? 1 : 0;
            }

            Assert.False((await process.RunAsync()).Killed);
            await AssertSameAsync(copy, $"Seed {Campaign.Seed}, copy {kill}, killed after {string.Join(" and ", points)} bytes");
        }

        Assert.InRange(killed, Kills / 2, 2 * Kills);
        folder.Delete(recursive: true);
    }

    private static CopyProcess NewProcess(CopyUnderTest copy, DirectoryInfo folder) => new(copy, Path.Combine(folder.FullName, copy.Destination.User));

    private static async Task AssertSameAsync(CopyUnderTest copy, string what)
    {
        try
        {
            await copy.AssertSameAsync(NameOf);
        }
        catch (Xunit.Sdk.XunitException e)
        {
            throw new InvalidOperationException(what, e);
        }
    }

    // In four folders: equal messages within one and in two of them, some without a header, a larger one, with flags, keywords and dates.
    private async Task<CopyUnderTest> FilledAsync()
    {
        var copy = servers.NewCopy();
        var at = new DateTimeOffset(2019, 5, 1, 0, 0, 0, TimeSpan.FromHours(9));
        foreach (var box in new[] { "INBOX", Sent, "INBOX.Box 1", "INBOX.Box 1.Box 2" })
        {
            await copy.Source.StoreAsync(box,
                [.. Enumerable.Range(0, 25).Select(i => Mailbox.Message($"{box} {Text(i)}", 2000)), Mailbox.Message("same"), Mailbox.Message("same"), "\r\nno header\r\n"u8.ToArray(), Mailbox.Message("large", 40_000)]);
            await copy.Source.StoreAsync(box, Mailbox.Message("read"), MessageFlags.Seen | MessageFlags.Answered, ["$Forwarded", "custom"], at);
            await copy.Source.StoreAsync(box, Mailbox.Message("draft"), MessageFlags.Draft | MessageFlags.Flagged, [], at.AddYears(-20));
        }

        return copy with { Settings = copy.Settings with { AppendMessages = 8 } };
    }

    private static string NameOf(string source) => source == Sent ? "Sent" : source.Replace("INBOX.", "", StringComparison.Ordinal).Replace('.', '/');

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

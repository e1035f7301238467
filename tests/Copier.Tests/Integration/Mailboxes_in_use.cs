using System.Globalization;
using MailKit;
using MailKit.Search;

namespace Hikyaku.Copier.Tests.Integration;

public class Mailboxes_in_use(TwoServers servers)
{
    private const int Each = 20;

    [Fact, Trait("Rule", "CPY-4")]
    public async Task A_user_reads_moves_and_deletes_mail_while_it_is_copied()
    {
        var copy = await FilledAsync();
        var (steps, deleted) = (0, 0);
        copy.Journal.Meanwhile = async step =>
        {
            if (step != "settle" || ++steps is not (2 or 6 or 10)) return;
            switch (steps)
            {
                case 2:
                    deleted = (await copy.Destination.ReadAsync("Gone")).Count;
                    await copy.Destination.DeleteFolderAsync("Gone");
                    break;
                case 6:
                    await copy.Destination.MoveAllAsync("Moved", "Elsewhere");
                    break;
                default:
                    await ReadAllAsync(copy.Destination, "Read");
                    break;
            }
        };

        await copy.SucceedAsync();
        copy.Journal.Meanwhile = _ => Task.CompletedTask;
        var again = await copy.SucceedAsync();

        var read = await copy.Destination.ReadAsync();
        Assert.Equal((0, 3 * Each), (again.Progress.Copied, again.Progress.AlreadyThere));
        Assert.Equal(Each, read["Read"].Count);
        Assert.Contains(read["Read"], m => m.Flags.StartsWith("Seen", StringComparison.Ordinal));
        Assert.InRange(read["Elsewhere"].Count, 1, Each);
        Assert.Equal(Each, read["Moved"].Count + read["Elsewhere"].Count);
        Assert.InRange(deleted, 1, Each);
        Assert.Equal(Each - deleted, read.GetValueOrDefault("Gone")?.Count ?? 0);
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task Mail_that_comes_to_and_goes_from_the_source_meanwhile_is_no_failure()
    {
        var copy = await FilledAsync();
        copy = copy with { Settings = copy.Settings with { FetchMessages = 5 } };
        var steps = 0;
        copy.Journal.Meanwhile = async step =>
        {
            if (step != "settle" || ++steps != 1) return;
            foreach (var box in new[] { "Gone", "Moved" })
            {
                await copy.Source.DeleteAsync($"INBOX.{box}", 7);
                await copy.Source.StoreAsync($"INBOX.{box}", Mailbox.Message($"new in {box}"));
            }
        };

        var first = await copy.SucceedAsync();
        copy.Journal.Meanwhile = _ => Task.CompletedTask;
        var again = await copy.SucceedAsync();

        Assert.Empty(first.Missing);
        Assert.Equal((3 * Each) - 14 + 2, again.Progress.Messages);
        var (source, destination) = (await copy.Source.ReadAsync(), await copy.Destination.ReadAsync());
        foreach (var box in new[] { "Gone", "Moved", "Read" })
        {
            var copied = destination[box].Select(m => m.Digest).ToList();
            Assert.Equal(copied, copied.Distinct());
            Assert.Empty(source[$"INBOX.{box}"].Select(m => m.Digest).Except(copied));
        }
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task Folders_that_are_renamed_between_two_runs_are_not_copied_again()
    {
        var copy = await FilledAsync();
        await copy.SucceedAsync();
        await copy.Source.UseAsync(async client =>
        {
            await (await client.GetFolderAsync("INBOX.Read")).RenameAsync(client.GetFolder(client.PersonalNamespaces[0]), "Renamed");
            return 0;
        });
        await copy.Source.StoreAsync("INBOX.Renamed", Mailbox.Message("new"));
        await copy.Source.StoreAsync("INBOX.Copied", Mailbox.Message("Moved 1")); // as in a folder that is still there

        var again = await copy.SucceedAsync();

        Assert.Equal((2, 3 * Each), (again.Progress.Copied, again.Progress.AlreadyThere));
        var read = await copy.Destination.ReadAsync();
        Assert.Equal((Each, 1, 1), (read["Read"].Count, read["Renamed"].Count, read["Copied"].Count));
        Assert.Equal(0, (await copy.SucceedAsync()).Progress.Copied);
    }

    // One box after the other, by name, in batches of five.
    private async Task<CopyUnderTest> FilledAsync()
    {
        var copy = servers.NewCopy();
        foreach (var box in new[] { "Read", "Moved", "Gone" })
        {
            await copy.Source.StoreAsync($"INBOX.{box}", [.. Enumerable.Range(0, Each).Select(i => Mailbox.Message(string.Create(CultureInfo.InvariantCulture, $"{box} {i}")))]);
        }

        return copy with { Settings = copy.Settings with { AppendMessages = 5, SourceConnections = 1 } };
    }

    private static Task<int> ReadAllAsync(Mailbox mailbox, string folder) => mailbox.UseAsync(async client =>
    {
        var opened = await client.GetFolderAsync(folder);
        await opened.OpenAsync(FolderAccess.ReadWrite);
        await opened.AddFlagsAsync(await opened.SearchAsync(SearchQuery.All), MessageFlags.Seen, silent: true);
        return 0;
    });
}

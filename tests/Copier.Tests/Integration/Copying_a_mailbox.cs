using System.Text;
using MailKit;

namespace Hikyaku.Copier.Tests.Integration;

public class Copying_a_mailbox(TwoServers servers)
{
    private static readonly DateTimeOffset InTokyo = new(2024, 2, 29, 23, 59, 58, TimeSpan.FromHours(9));

    [Fact, Trait("Rule", "CPY-2"), Trait("Rule", "CPY-4")]
    public async Task All_of_six_hard_messages_arrive_and_a_rerun_adds_none()
    {
        var copy = servers.NewCopy();
        var x = Mailbox.Message("x");
        var y = Mailbox.Message("x", body: "another body");
        var z = "Subject: without an id\r\n\r\nz\r\n"u8.ToArray();
        var w = "\r\nno header at all\r\n"u8.ToArray();
        await copy.Source.StoreAsync("INBOX.Six", x, x, y, z, z, w);

        var first = await copy.SucceedAsync();
        var again = await copy.SucceedAsync();

        Assert.Equal((6, 6), (first.Progress.Messages, first.Progress.Copied));
        Assert.Equal((6, 0, 6), (again.Progress.Messages, again.Progress.Copied, again.Progress.AlreadyThere));
        await copy.AssertSameAsync();
    }

    [Fact, Trait("Rule", "CPY-2")]
    public async Task Flags_keywords_and_dates_are_kept()
    {
        var copy = servers.NewCopy();
        await copy.Source.StoreAsync("INBOX", Mailbox.Message("a"), MessageFlags.Seen | MessageFlags.Answered, ["$Forwarded", "custom_kw", "$label1"], InTokyo);
        await copy.Source.StoreAsync("INBOX", Mailbox.Message("b"), MessageFlags.Flagged | MessageFlags.Draft | MessageFlags.Deleted, [], InTokyo.AddYears(-30));
        await copy.Source.StoreAsync("INBOX", Mailbox.Message("c"), MessageFlags.None, ["NonJunk"], InTokyo.ToUniversalTime());

        await copy.SucceedAsync();

        await copy.AssertSameAsync();
        Assert.Contains(await copy.Destination.ReadAsync("INBOX"), m => m.Flags == "Seen, Answered $Forwarded $label1 custom_kw" && m.ReceivedAt == InTokyo);
    }

    [Fact, Trait("Rule", "CPY-2")]
    public async Task Folders_are_mapped_and_subscribed()
    {
        var copy = servers.NewCopy();
        await copy.Source.StoreAsync("INBOX.送信済みトレイ", Mailbox.Message("sent"));
        await copy.Source.StoreAsync("INBOX.Sent Items", Mailbox.Message("sent too"));
        await copy.Source.StoreAsync("INBOX.顧客.cur", Mailbox.Message("customer"));
        await copy.Source.StoreAsync("INBOX.A&B", Mailbox.Message("ampersand"));
        await copy.Source.UseAsync(async client =>
        {
            await (await client.GetFolderAsync("INBOX.A&B")).SubscribeAsync();
            return 0;
        });

        var result = await copy.SucceedAsync();

        var read = await copy.Destination.ReadAsync();
        Assert.Equal(2, read["Sent"].Count);
        Assert.Single(read["顧客/cur_"]);
        Assert.Single(read["A&B"]);
        Assert.DoesNotContain("顧客", read.Keys);
        Assert.Contains("A&B", await copy.Destination.SubscribedAsync());
        Assert.DoesNotContain("顧客/cur_", await copy.Destination.SubscribedAsync());
        Assert.Equal(FolderChange.Merged, result.Folders.Single(f => f.Source == "INBOX.送信済みトレイ").Change);
        Assert.Equal(FolderChange.Renamed, result.Folders.Single(f => f.Source == "INBOX.顧客.cur").Change);
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task A_rerun_copies_what_is_new_and_nothing_that_was_moved_or_deleted()
    {
        var copy = servers.NewCopy();
        await copy.Source.StoreAsync("INBOX", Mailbox.Message("a"), Mailbox.Message("b"));
        await copy.Source.StoreAsync("INBOX.Work", Mailbox.Message("c"), Mailbox.Message("d"));
        await copy.SucceedAsync();
        await copy.Destination.MoveAllAsync("INBOX", "Elsewhere");
        await copy.Destination.DeleteFolderAsync("Work");
        await copy.Source.StoreAsync("INBOX.Work", Mailbox.Message("e"));

        var again = await copy.SucceedAsync();

        Assert.Equal((1, 4), (again.Progress.Copied, again.Progress.AlreadyThere));
        var read = await copy.Destination.ReadAsync();
        Assert.Equal((0, 2, 1), (read["INBOX"].Count, read["Elsewhere"].Count, read["Work"].Count));
    }

    [Fact, Trait("Rule", "CPY-3")]
    public async Task A_message_over_the_limit_is_skipped_and_named()
    {
        var copy = servers.NewCopy();
        await copy.Source.StoreAsync("INBOX", Mailbox.Message("before"), Mailbox.Message("写真を送ります", 101 * 1024 * 1024), Mailbox.Message("after"));
        await copy.Source.StoreAsync("INBOX.Large", Mailbox.Message("just fits", 99 * 1024 * 1024));

        var result = await copy.SucceedAsync();

        Assert.Equal((3, 1), (result.Progress.Copied, result.Progress.Skipped));
        var skipped = Assert.Single(result.Missing);
        Assert.Equal(("INBOX", CopyFailureKind.TooLarge), (skipped.Folder, skipped.Reason));
        Assert.Equal("写真を送ります", skipped.Subject);
        Assert.NotNull(skipped.Date);
        Assert.True(skipped.Bytes > 100 * 1024 * 1024);
        Assert.Equal((2, 1), ((await copy.Destination.ReadAsync("INBOX")).Count, (await copy.Destination.ReadAsync("Large")).Count));
    }

    [Fact, Trait("Rule", "CPY-2")]
    public async Task Strange_bytes_arrive_as_they_are()
    {
        var copy = servers.NewCopy();
        await copy.Source.StoreAsync("INBOX",
            "From someone Thu Jan  1 00:00:00 1970\r\nSubject: mbox line\r\n\r\nbody\r\n"u8.ToArray(),
            "Subject: no end of line"u8.ToArray(),
            "Subject: no blank line\r\n"u8.ToArray(),
            Encoding.UTF8.GetBytes($"Subject: long\r\n\r\n{new string('a', 20_000)}\r\n.\r\n..\r\n"),
            Encoding.Latin1.GetBytes("Subject: caf\xe9 \x1b$B\r\nX: \x01\x02\r\n\r\n\xff\xfe\x80\r\n"),
            "Subject: a1 OK done\r\n\r\n* BYE\r\na1 NO [OVERQUOTA]\r\nh2 OK\r\n"u8.ToArray());

        var result = await copy.SucceedAsync();

        Assert.Equal(6, result.Progress.Copied);
        await copy.AssertSameAsync();
    }

    [Fact, Trait("Rule", "CPY-2")]
    public async Task Real_mail_of_many_programs_arrives_byte_by_byte()
    {
        var copy = servers.NewCopy();
        var corpus = Hikyaku.MailNode.Tests.Integration.SpamAssassinCorpus.Read();
        var chosen = corpus.Where((_, i) => i % 6 == 0).ToList();
        foreach (var set in chosen.Select((m, i) => (m, i)).GroupBy(m => m.i % 5)) await copy.Source.StoreAsync($"INBOX.Set {set.Key}", [.. set.Select(m => m.m.Bytes)]);

        var result = await copy.SucceedAsync();

        Assert.Equal(chosen.Count, result.Progress.Copied);
        await copy.AssertSameAsync();
        Assert.Equal(0, (await copy.SucceedAsync()).Progress.Copied);
    }

    [Fact, Trait("Rule", "CPY-10")]
    public async Task An_empty_source_is_no_failure()
    {
        var result = await servers.NewCopy().SucceedAsync();

        Assert.Equal((0, 0), (result.Progress.Messages, result.Progress.Copied));
    }

    [Fact, Trait("Rule", "CPY-6")]
    public async Task Progress_is_told_on_the_way()
    {
        var copy = servers.NewCopy();
        copy = copy with { Settings = copy.Settings with { AppendMessages = 10 } };
        await copy.Source.StoreAsync("INBOX", [.. Enumerable.Range(0, 55).Select(i => Mailbox.Message($"m{i}"))]);
        var seen = new Seen();

        var result = await copy.RunAsync(seen);

        Assert.True(seen.All.Count >= 6);
        Assert.Equal(seen.All.Select(p => p.Copied), seen.All.Select(p => p.Copied).Order());
        Assert.All(seen.All, p => Assert.Equal(55, p.Messages));
        Assert.Equal(55, result.Progress.Copied);
        Assert.Equal(result.Progress.Folders, result.Progress.FoldersDone);
        Assert.Equal(result.Progress.Bytes, result.Progress.BytesDone);
    }

    private sealed class Seen : IProgress<CopyProgress>
    {
        public List<CopyProgress> All { get; } = [];

        public void Report(CopyProgress value)
        {
            lock (All) All.Add(value);
        }
    }
}

namespace Hikyaku.Copier.Tests.Integration;

public class Hostile_sources(TwoServers servers)
{
    // More than any answer may have, with what the network holds.
    private const long Enough = 12_000_000;

    private static readonly string[] Two = ["Subject: a\r\n\r\na\r\n", "Subject: b\r\n\r\nb\r\n"];

    public static TheoryData<string, string> EndlessAnswers() => new()
    {
        { "CAPABILITY", "* CAPABILITY IMAP4rev1 {x}" },
        { "AUTHENTICATE", "* OK {x}" },
        { "LIST \"\" \"*", "* LIST () \"/\" \"{x}" },
        { "LIST \"\" \"*", "* LIST () \"/\" {999999999}\r\n{x}" },
        { "LIST \"\" \"*", "* LIST ({x}" },
        { "EXAMINE", "* FLAGS ({x}" },
        { "EXAMINE", "{x}" },
        { "FETCH", "* 1 FETCH (UID 1 FLAGS ({x}" },
        { "FETCH", "* 1 FETCH (UID {x}" },
        { "FETCH", "* 1 FETCH ({x}" },
        { "UID FETCH", "* 1 FETCH (UID 1 BODY[] {1000000000}\r\n{x}" },
        { "UID FETCH", "* 1 FETCH (UID 1 BODY[] {-5}\r\n{x}" },
        { "UID FETCH", "* 1 FETCH (UID 1 BODY[] {99999999999999}\r\n{x}" },
        { "UID FETCH", "* 1 FETCH (UID 1 BODY[] \"{x}" },
        { "UID FETCH", "* 1 FETCH (UID 1 BODY[] {90000000}\r\n{x}" },
        { "UID FETCH", "* 1 FETCH (BODY[{x}" },
    };

    [Theory, Trait("Rule", "SEC-6")]
    [MemberData(nameof(EndlessAnswers))]
    public async Task An_answer_without_an_end_is_not_read_to_its_end(string command, string answer)
    {
        var endless = answer.Replace("{x}", new string('x', 30_000_000), StringComparison.Ordinal);
        await using var source = new ScriptedSource { Messages = Two };
        source.Script = (_, asked) => asked.StartsWith(command, StringComparison.Ordinal) ? endless : null;
        var copy = Quick(servers.NewCopy());

        var result = await source.CopyAsync(copy);

        Assert.True(result.Failure is not null || result.Missing.Count > 0 || result.Folders.Any(f => f.Failure is not null));
        Assert.InRange(source.Sent / source.Connections, 0, Enough);
        Assert.Empty(await copy.Destination.ReadAsync("INBOX"));
    }

    [Theory, Trait("Rule", "SEC-6")]
    [InlineData("HTTP/1.1 400 Bad Request")]
    [InlineData("220 mail.example.jp ESMTP")]
    [InlineData("+OK POP3")]
    [InlineData("\u0016\u0003\u0001")]
    [InlineData("")]
    public async Task What_does_not_speak_IMAP_is_told(string greeting)
    {
        await using var source = new ScriptedSource { Greeting = greeting };

        Assert.Equal(CopyFailureKind.NotImap, (await source.CopyAsync(Quick(servers.NewCopy()))).Failure?.Kind);
    }

    [Theory, Trait("Rule", "SEC-6")]
    [InlineData("CAPABILITY")]
    [InlineData("LIST \"\" \"*")]
    [InlineData("EXAMINE")]
    [InlineData("FETCH")]
    [InlineData("UID FETCH")]
    public async Task A_source_that_says_nothing_is_given_up(string command)
    {
        await using var source = new ScriptedSource { Messages = Two };
        source.Script = (_, asked) => asked.StartsWith(command, StringComparison.Ordinal) ? "* OK wait\r\n" : null;

        var result = await source.CopyAsync(Quick(servers.NewCopy()));

        Assert.Equal(CopyFailureKind.Timeout, result.Failure?.Kind);
    }

    [Fact, Trait("Rule", "SEC-6")]
    public async Task A_size_that_is_a_lie_costs_its_message_only()
    {
        await using var source = new ScriptedSource { Messages = [.. Two, .. Two] };
        source.Script = (tag, asked) => asked.StartsWith("UID FETCH", StringComparison.Ordinal) && asked.Contains("BODY", StringComparison.Ordinal) && asked.Split(' ')[2].Split(',', ':') is var set && (set[0] is "1" or "2")
            ? (set[0] == "1" ? source.Body(0) : "") + "* 2 FETCH (UID 2 BODY[] {200000000}\r\nxx"
            : null;
        var copy = Quick(servers.NewCopy());

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        Assert.Equal((3, 1), (result.Progress.Copied, result.Progress.Skipped));
        Assert.Equal(2u, Assert.Single(result.Missing).Uid);
        Assert.Equal(3, (await copy.Destination.ReadAsync("INBOX")).Count);
    }

    [Fact, Trait("Rule", "CPY-2")]
    public async Task A_message_that_the_source_cannot_read_is_reported_and_the_rest_goes_on()
    {
        await using var source = new ScriptedSource { Messages = [.. Two, .. Two, .. Two] };
        source.Script = (tag, asked) => Asks(asked, 4) ? $"{tag} NO some messages could not be fetched\r\n" : null;
        var copy = Quick(servers.NewCopy());

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        var missing = Assert.Single(result.Missing);
        Assert.Equal((4u, CopyFailureKind.NotDelivered, "told"), (missing.Uid, missing.Reason, missing.Subject));
        Assert.Equal(5, (await copy.Destination.ReadAsync("INBOX")).Count);
    }

    [Theory, Trait("Rule", "CPY-6")]
    [InlineData("NO [UNAVAILABLE] Temporary problem")]
    [InlineData("NO [LIMIT] UID FETCH Rate limit hit")]
    [InlineData("NO [THROTTLED] slow down")]
    [InlineData("BAD Request is throttled. Suggested Backoff Time: 50 milliseconds")]
    public async Task A_busy_source_is_left_alone_for_a_while(string answer)
    {
        await using var source = new ScriptedSource { Messages = Two };
        var times = 0;
        source.Script = (tag, asked) => asked.StartsWith("UID FETCH", StringComparison.Ordinal) && ++times <= 2 ? $"{tag} {answer}\r\n" : null;
        var copy = Quick(servers.NewCopy());
        copy = copy with { Settings = copy.Settings with { Attempts = 4 } };

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        Assert.Equal(2, result.Progress.Copied);
        Assert.Equal(3, source.Connections);
    }

    [Fact, Trait("Rule", "CPY-6")]
    public async Task A_source_that_stays_busy_is_given_up()
    {
        await using var source = new ScriptedSource { Messages = Two, Greeting = "* BYE [UNAVAILABLE] Too many simultaneous connections" };

        Assert.Equal(CopyFailureKind.ServerBusy, (await source.CopyAsync(Quick(servers.NewCopy()))).Failure?.Kind);
    }

    [Fact, Trait("Rule", "CPY-2")]
    public async Task Mail_of_Gmail_that_has_labels_is_copied_once()
    {
        await using var source = new ScriptedSource
        {
            Capabilities = "IMAP4rev1 AUTH=PLAIN SASL-IR X-GM-EXT-1 SPECIAL-USE",
            Folders = ["() \"/\" INBOX", "(\\Noselect) \"/\" \"[Gmail]\"", "(\\All) \"/\" \"[Gmail]/All Mail\"", "(\\Flagged) \"/\" \"[Gmail]/Starred\""],
            Messages = Two,
            Extra = i => i == 0 ? " X-GM-LABELS (\"\\\\Inbox\")" : " X-GM-LABELS (\"\\\\Starred\")",
        };
        var copy = Quick(servers.NewCopy());

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        var read = await copy.Destination.ReadAsync();
        Assert.Equal((2, 1, 3), (read["INBOX"].Count, read["Archive"].Count, read.Values.Sum(m => m.Count)));
        Assert.Equal(FolderChange.LeftOut, result.Folders.Single(f => f.Source == "[Gmail]/Starred").Change);
    }

    private static CopyUnderTest Quick(CopyUnderTest copy) => copy with
    {
        Settings = copy.Settings with { Attempts = 2, SilenceWithin = TimeSpan.FromSeconds(1), ConnectWithin = TimeSpan.FromSeconds(2), SourceConnections = 1 },
    };

    private static bool Asks(string command, int uid)
    {
        if (!command.StartsWith("UID FETCH", StringComparison.Ordinal) || !command.Contains("BODY", StringComparison.Ordinal)) return false;
        return command.Split(' ')[2].Split(',').Any(range => range.Split(':') is var ends && int.Parse(ends[0], null) <= uid && uid <= int.Parse(ends[^1], null));
    }
}

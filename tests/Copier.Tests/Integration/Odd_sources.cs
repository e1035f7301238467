using System.Globalization;
using Hikyaku.Platform;

namespace Hikyaku.Copier.Tests.Integration;

public class Odd_sources(TwoServers servers)
{
    private static readonly string[] Two = ["Subject: a\r\n\r\na\r\n", "Subject: b\r\n\r\nb\r\n"];

    // As LIST has them: in modified UTF-7, quoted.
    private static readonly string[] Names =
    [
        "a \\\"quoted\\\" name", "back\\\\slash", "&2D3eAA- smile", "tab&AAk-here", "WORK", "Work", "work", new('x', 300), $"{new string('y', 260)}/child", "50%*",
        "..", "a//b", "~tilde", " leading", "trailing ", "A&-B", "cur", "&kAFP4W4IMH8wyDDsMKQ-", "x/y/z", "INBOX/under", "not &valid", "a;b|c$d`e'f",
    ];

    [Fact, Trait("Rule", "CPY-2")]
    public async Task Folders_of_any_name_arrive()
    {
        await using var source = new ScriptedSource { Messages = Two, Folders = [.. Names.Prepend("INBOX").Select(n => $"() \"/\" \"{n}\"")] };
        var copy = servers.NewCopy();

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        Assert.DoesNotContain(result.Folders, f => f.Failure is not null);
        var read = await copy.Destination.ReadAsync();
        Assert.Equal(2 * (Names.Length + 1), read.Values.Sum(m => m.Count));
        foreach (var name in new[] { "a \"quoted\" name", "back\\slash", "😀 smile", "tabhere", "WORK", "Work (2)", "work (3)", "x/y/z", "INBOX/under", "Sent", "A&B" }) Assert.Equal((name, 2), (name, read.GetValueOrDefault(name)?.Count));
        Assert.Equal(0, (await source.CopyAsync(copy)).Progress.Copied);
    }

    [Fact, Trait("Rule", "CPY-2")]
    public async Task Five_hundred_folders_arrive()
    {
        await using var source = new ScriptedSource { Messages = Two, Folders = [.. Enumerable.Range(0, 500).Select(i => string.Create(CultureInfo.InvariantCulture, $"() \"/\" \"Box {i % 20}/{i}\""))] };
        var copy = servers.NewCopy();

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        var read = (await copy.Destination.ReadAsync()).Where(f => f.Key.StartsWith("Box ", StringComparison.Ordinal)).ToList();
        Assert.Equal((500, 500 * 2), (read.Count, read.Sum(f => f.Value.Count)));
    }

    [Theory, Trait("Rule", "CPY-2")]
    [InlineData("NIL")]
    [InlineData("\"\"")]
    [InlineData("\"32-Foo-2020 99:04:05 +0900\"")]
    [InlineData("\" 1-Feb-2020 03:04:05 +0900\"")]
    [InlineData("\"01-Feb-0001 00:00:00 +0000\"")]
    [InlineData("\"31-Dec-9999 23:59:59 -1200\"")]
    [InlineData("\"31-Feb-2020 03:04:05 +0900\"")]
    public async Task A_message_with_an_impossible_date_arrives(string date)
    {
        await using var source = new ScriptedSource { Messages = Two, Date = date };
        var copy = servers.NewCopy();

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        Assert.Equal(2, (await copy.Destination.ReadAsync("INBOX")).Count);
    }

    [Theory, Trait("Rule", "CPY-2")]
    [InlineData("\\Seen \\Unknown $Forwarded", "$Forwarded", "\\Unknown")]
    [InlineData("\\Seen good a-keyword-of-more-than-fifty-characters-which-dovecot-refuses", "good", "a-keyword-of-more-than-fifty-characters-which-dovecot-refuses")]
    [InlineData("\\seen \\FLAGGED", "", "")]
    public async Task Flags_that_the_destination_cannot_have_are_reported(string flags, string kept, string lost)
    {
        await using var source = new ScriptedSource { Messages = Two, Flags = flags };
        var copy = servers.NewCopy();

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        Assert.All(await copy.Destination.ReadAsync("INBOX"), m => Assert.StartsWith("Seen", m.Flags, StringComparison.Ordinal));
        Assert.All(await copy.Destination.ReadAsync("INBOX"), m => Assert.EndsWith(kept, m.Flags, StringComparison.Ordinal));
        Assert.Equal(lost, string.Join(' ', result.Folders.Single().LostKeywords));
    }

    [Fact, Trait("Rule", "CPY-2")]
    public async Task An_empty_message_is_reported_and_the_rest_goes_on()
    {
        await using var source = new ScriptedSource { Messages = ["", .. Two] };
        var copy = servers.NewCopy();

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        var missing = Assert.Single(result.Missing);
        Assert.Equal((1u, CopyFailureKind.NotDelivered), (missing.Uid, missing.Reason));
        Assert.Equal(2, (await copy.Destination.ReadAsync("INBOX")).Count);
    }

    [Fact, Trait("Rule", "CPY-2")]
    public async Task A_message_that_the_destination_refuses_is_reported_and_the_rest_goes_on()
    {
        var copy = servers.NewCopy();
        copy = copy with { Destination = copy.Destination with { User = MailServer.PickyUser } };
        await copy.Source.StoreAsync("INBOX.Box", Mailbox.Message("a"), Mailbox.Message("large", 30_000), Mailbox.Message("b"), Mailbox.Message("c"));

        var result = await copy.SucceedAsync();

        Assert.Equal((3, 1), (result.Progress.Copied, result.Progress.Failed));
        var missing = Assert.Single(result.Missing);
        Assert.Equal((2u, CopyFailureKind.RefusedByDestination), (missing.Uid, missing.Reason));
        Assert.Equal(3, (await copy.Destination.ReadAsync("Box")).Count);
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task A_message_with_NUL_arrives_once_even_when_its_answer_is_lost()
    {
        await using var source = new ScriptedSource { Messages = ["Subject: a\r\n\r\na\0b\r\n"] };
        var copy = servers.NewCopy();
        copy.Journal.At = at => _ = at == "before settle" ? throw new InvalidOperationException("killed") : 0;

        await Assert.ThrowsAsync<InvalidOperationException>(() => source.CopyAsync(copy));
        copy.Journal.At = _ => { };
        var again = await source.CopyAsync(copy);

        Assert.Null(again.Failure);
        Assert.Single(await copy.Destination.ReadAsync("INBOX"));
    }

    [Fact, Trait("Rule", "CPY-1")]
    public async Task A_password_of_odd_characters_logs_in()
    {
        var server = servers.NewCopy().Source.Server;
        var asked = new CopySource("127.0.0.1", MailServer.OddUser, new(MailServer.OddPassword), server.Port, CopySecurity.Plain, AllowPlain: true);

        Assert.Null((await Connector().TryAsync(asked, default)).Failure);
        Assert.Equal(CopyFailureKind.WrongPassword, (await Connector().TryAsync(asked with { Secret = new("p\"q") }, default)).Failure?.Kind);
    }

    [Theory, Trait("Rule", "CPY-1")]
    [InlineData("AUTH=LOGIN AUTH=PLAIN AUTH=CRAM-MD5", "AUTHENTICATE CRAM-MD5")]
    [InlineData("AUTH=LOGIN AUTH=PLAIN SASL-IR", "AUTHENTICATE PLAIN")]
    [InlineData("AUTH=LOGIN", "AUTHENTICATE LOGIN")]
    [InlineData("AUTH=NTLM AUTH=GSSAPI", "LOGIN ")]
    [InlineData("", "LOGIN ")]
    public async Task One_way_of_logging_in_is_tried_and_in_clear_the_safest(string capabilities, string command)
    {
        await using var source = new ScriptedSource { Capabilities = $"IMAP4rev1 {capabilities}".Trim() };
        source.Script = (tag, asked) => asked.StartsWith("AUTHENTICATE", StringComparison.Ordinal) ? $"{tag} NO [AUTHENTICATIONFAILED] wrong\r\n" : null;

        await Connector().TryAsync(source.AsSource(), default);

        Assert.StartsWith(command, Assert.Single(source.Commands, c => c.StartsWith("AUTHENTICATE", StringComparison.Ordinal) || c.StartsWith("LOGIN", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    private static SourceConnector Connector() => new(new NetworkGuard("127.0.0.0/8"), new() { ConnectWithin = TimeSpan.FromSeconds(10) });
}

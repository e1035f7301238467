namespace Hikyaku.Copier.Tests.Integration;

public class Dropped_connections(TwoServers servers)
{
    private static readonly string[] Six = [.. Enumerable.Range(1, 6).Select(i => $"Subject: {i}\r\n\r\n{i}\r\n")];

    [Theory, Trait("Rule", "CPY-4")]
    [InlineData("CAPABILITY")]
    [InlineData("AUTHENTICATE")]
    [InlineData("LIST \"\" \"\"")]
    [InlineData("LIST \"\" \"*")]
    [InlineData("STATUS")]
    [InlineData("EXAMINE")]
    [InlineData("FETCH")]
    [InlineData("UID FETCH")]
    public async Task A_source_that_drops_any_command_is_connected_again(string command)
    {
        await using var source = new ScriptedSource { Messages = Six };
        var times = 0;
        source.Script = (_, asked) => asked.StartsWith(command, StringComparison.Ordinal) && ++times <= 2 ? "" : null;
        var copy = servers.NewCopy();

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        Assert.InRange(times, 3, int.MaxValue);
        Assert.Equal((6, 6), (result.Progress.Copied, (await copy.Destination.ReadAsync("INBOX")).Count));
    }

    [Theory, Trait("Rule", "CPY-4")]
    [InlineData("* BYE [UNAVAILABLE] shutting down\r\n")]
    [InlineData("* BYE Too many simultaneous connections\r\n")]
    [InlineData("* 1 FETCH (UID 1 BODY[] {15}\r\nSubject: 1")]
    [InlineData("* 1 FETCH (UID 1 BODY")]
    public async Task A_source_that_ends_in_the_middle_of_an_answer_is_connected_again(string answer)
    {
        await using var source = new ScriptedSource { Messages = Six };
        var times = 0;
        source.Script = (_, asked) => asked.StartsWith("UID FETCH", StringComparison.Ordinal) && ++times <= 2 ? answer + ScriptedSource.Closing : null;
        var copy = servers.NewCopy();

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        Assert.Equal((6, 6), (result.Progress.Copied, (await copy.Destination.ReadAsync("INBOX")).Count));
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task A_source_that_closes_before_its_greeting_is_connected_again()
    {
        var copy = servers.NewCopy();
        await copy.Source.StoreAsync("INBOX", Mailbox.Message("a"));
        await using var proxy = new CuttingProxy(copy.Source.Server.Port) { FromServer = 0, Cuts = 2 };
        copy = copy with { SourcePort = proxy.Port };

        await copy.SucceedAsync();

        Assert.Equal(2, proxy.Done);
        await copy.AssertSameAsync();
    }

    [Theory, Trait("Rule", "CPY-4")]
    [InlineData(" AUTHENTICATE")]
    [InlineData(" LIST ")]
    [InlineData(" STATUS ")]
    [InlineData(" CREATE ")]
    [InlineData(" SUBSCRIBE ")]
    [InlineData(" APPEND ")]
    public async Task A_destination_that_drops_any_command_is_connected_again(string command)
    {
        var copy = servers.NewCopy();
        await copy.Source.StoreAsync("INBOX.Box", [.. Enumerable.Range(0, 20).Select(i => Mailbox.Message($"{i}"))]);
        await copy.Source.UseAsync(async client =>
        {
            await (await client.GetFolderAsync("INBOX.Box")).SubscribeAsync();
            return 0;
        });
        await using var proxy = new CuttingProxy(copy.Destination.Server.Port) { AtCommand = command, Cuts = 2 };
        copy = copy with { DestinationPort = proxy.Port, Settings = copy.Settings with { AppendMessages = 5 } };

        await copy.SucceedAsync();

        Assert.Equal(2, proxy.Done);
        await copy.AssertSameAsync();
    }

    [Theory, Trait("Rule", "CPY-6")]
    [InlineData("AUTHENTICATE", "NO [UNAVAILABLE] Temporary authentication failure")]
    [InlineData("AUTHENTICATE", "NO [LIMIT] Too many connections")]
    [InlineData("LIST \"\" \"*", "NO [UNAVAILABLE] later")]
    [InlineData("EXAMINE", "NO [INUSE] locked")]
    [InlineData("EXAMINE", "NO [THROTTLED] slow down")]
    [InlineData("FETCH", "BAD Request is throttled. Suggested Backoff Time: 30 milliseconds")]
    [InlineData("FETCH", "NO [UNAVAILABLE] later")]
    public async Task A_source_that_is_busy_at_any_command_is_left_alone_for_a_while(string command, string answer)
    {
        await using var source = new ScriptedSource { Messages = Six };
        var times = 0;
        source.Script = (tag, asked) => asked.StartsWith(command, StringComparison.Ordinal) && ++times <= 2 ? $"{tag} {answer}\r\n" : null;
        var copy = servers.NewCopy();

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        Assert.Equal((6, 6), (result.Progress.Copied, (await copy.Destination.ReadAsync("INBOX")).Count));
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task A_source_that_numbers_anew_while_it_is_copied_is_not_copied_again()
    {
        await using var source = new ScriptedSource { Messages = Six };
        var bodies = 0;
        source.Script = (_, asked) =>
        {
            if (!asked.Contains("BODY.PEEK[]", StringComparison.Ordinal) || ++bodies != 3) return null;
            source.UidValidity++;
            return "";
        };
        var copy = servers.NewCopy();
        copy = copy with { Settings = copy.Settings with { FetchMessages = 2, AppendMessages = 2, SourceConnections = 1 } };

        var result = await source.CopyAsync(copy);

        Assert.Null(result.Failure);
        Assert.Equal((6, 6), (result.Progress.Copied, (await copy.Destination.ReadAsync("INBOX")).Count));
        Assert.Equal(6, (await source.CopyAsync(copy)).Progress.AlreadyThere);
    }
}

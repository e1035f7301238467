using System.Globalization;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Copier.Tests.Integration;

public class Interrupted_copies(TwoServers servers)
{
    private const int Messages = 60;

    public static TheoryData<string, int> Steps()
    {
        var steps = new TheoryData<string, int>();
        foreach (var step in new[] { "before mark", "after mark", "before intend", "after intend", "before settle", "after settle" })
        {
            foreach (var time in step.EndsWith("mark", StringComparison.Ordinal) ? [1] : new[] { 1, 2, 5 }) steps.Add(step, time);
        }

        return steps;
    }

    [Theory, Trait("Rule", "CPY-4")]
    [MemberData(nameof(Steps))]
    public async Task A_process_that_dies_at_any_step_copies_nothing_twice(string step, int time)
    {
        var copy = await FilledAsync();
        var times = 0;
        copy.Journal.At = at => _ = at == step && ++times == time ? throw new InvalidOperationException("killed") : 0;

        await Assert.ThrowsAsync<InvalidOperationException>(() => copy.RunAsync());
        copy.Journal.At = _ => { };
        await copy.SucceedAsync();

        await copy.AssertSameAsync();
    }

    [Theory, Trait("Rule", "CPY-4")]
    [InlineData(false, 0.2)]
    [InlineData(false, 0.5)]
    [InlineData(false, 0.9)]
    [InlineData(true, 0.2)]
    [InlineData(true, 0.5)]
    [InlineData(true, 0.9)]
    public async Task A_lost_connection_is_made_again_and_nothing_is_copied_twice(bool atDestination, double part)
    {
        var copy = await FilledAsync();
        await using var proxy = new CuttingProxy(atDestination ? copy.Destination.Server.Port : copy.Source.Server.Port) { Cuts = 3 };
        var bytes = (long)(Messages * 3000 * part / 2);
        if (atDestination) proxy.ToServer = bytes;
        else proxy.FromServer = bytes;
        copy = atDestination ? copy with { DestinationPort = proxy.Port } : copy with { SourcePort = proxy.Port };

        await copy.SucceedAsync();

        Assert.InRange(proxy.Done, 1, 3);
        await copy.AssertSameAsync();
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task A_lost_answer_of_a_written_batch_is_found_out()
    {
        var copy = await FilledAsync();
        await using var proxy = new CuttingProxy(copy.Destination.Server.Port) { Cuts = 3, AtAnswer = "[APPENDUID" };
        copy = copy with { DestinationPort = proxy.Port };

        await copy.SucceedAsync();

        Assert.Equal(3, proxy.Done);
        await copy.AssertSameAsync();
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task A_written_batch_that_the_user_has_moved_before_the_resume_is_known()
    {
        var copy = await FilledAsync();
        var settled = 0;
        copy.Journal.At = at => _ = at == "before settle" && ++settled == 2 ? throw new InvalidOperationException("killed") : 0;
        await Assert.ThrowsAsync<InvalidOperationException>(() => copy.RunAsync());
        copy.Journal.At = _ => { };
        foreach (var folder in (await copy.Destination.ReadAsync()).Where(f => f.Value.Count > 0).Select(f => f.Key).ToList())
        {
            await copy.Destination.MoveAllAsync(folder, "Moved");
        }

        await copy.SucceedAsync();

        Assert.Equal(Messages, await copy.Destination.CountAsync());
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task A_written_batch_of_which_the_user_has_deleted_some_is_known()
    {
        var copy = await FilledAsync();
        copy = copy with { Settings = copy.Settings with { SourceConnections = 1 } };
        copy.Journal.At = at => _ = at == "before settle" ? throw new InvalidOperationException("killed") : 0;
        await Assert.ThrowsAsync<InvalidOperationException>(() => copy.RunAsync());
        copy.Journal.At = _ => { };
        var written = Assert.Single(await copy.Destination.ReadAsync(), f => f.Value.Count > 0);
        await copy.Destination.DeleteAsync(written.Key, 3);

        await copy.SucceedAsync();

        Assert.Equal(Messages - 3, await copy.Destination.CountAsync());
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task Mail_that_arrives_meanwhile_is_not_taken_for_an_unwritten_batch()
    {
        var copy = await FilledAsync();
        copy = copy with { Settings = copy.Settings with { SourceConnections = 1 } };
        copy.Journal.At = at => _ = at == "after intend" ? throw new InvalidOperationException("killed") : 0;
        await Assert.ThrowsAsync<InvalidOperationException>(() => copy.RunAsync());
        copy.Journal.At = _ => { };
        var folder = Assert.Single((await copy.Journal.OpenAsync(default)).Select(i => i.DestinationFolder).Distinct());
        await copy.Destination.StoreAsync(folder, [.. Enumerable.Range(0, 20).Select(i => Mailbox.Message($"new {i}"))]);

        await copy.SucceedAsync();

        Assert.Equal(Messages + 20, await copy.Destination.CountAsync());
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task A_source_that_numbers_its_messages_anew_is_not_copied_again()
    {
        var copy = await FilledAsync();
        await copy.SucceedAsync();
        // Dovecot numbers anew what it has no list of.
        foreach (var list in Directory.EnumerateFiles(copy.Source.Server.HomeOf(copy.Source.User), "dovecot*", SearchOption.AllDirectories)) File.Delete(list);
        await copy.Source.StoreAsync("INBOX.Box 1", Mailbox.Message("new"), Mailbox.Message("same"));

        var again = await copy.SucceedAsync();

        Assert.Equal((2, Messages), (again.Progress.Copied, again.Progress.AlreadyThere));
        // Which of the equal messages is the new one, nobody can tell.
        Assert.Equal(Digests(await copy.Source.ReadAsync("INBOX.Box 1")), Digests(await copy.Destination.ReadAsync("Box 1")));
        Assert.Equal(Messages + 2, await copy.Destination.CountAsync());
    }

    [Fact, Trait("Rule", "CPY-4"), Trait("Rule", "CPY-5")]
    public async Task A_full_destination_ends_the_copy_and_more_capacity_lets_it_go_on()
    {
        var copy = servers.NewCopy(small: true);
        copy = copy with { Settings = copy.Settings with { AppendMessages = 10 } };
        await copy.Source.StoreAsync("INBOX", [.. Enumerable.Range(0, Messages).Select(i => Mailbox.Message(Number(i), 3000))]);

        var full = await copy.RunAsync();
        copy.Destination.Server.SetCapacity(copy.Destination.User, 100_000_000);
        var rest = await Eventually.Async(() => copy.RunAsync(), r => r.Failure is null);

        Assert.Equal(CopyFailureKind.Capacity, full.Failure?.Kind);
        Assert.InRange(full.Progress.Copied, 1, Messages - 1);
        Assert.Equal(Messages - full.Progress.Copied, rest.Progress.Copied);
        await copy.AssertSameAsync();
    }

    [Fact, Trait("Rule", "CPY-6")]
    public async Task A_cancelled_copy_ends_at_once_and_goes_on_later()
    {
        var copy = await FilledAsync();
        using var stop = new CancellationTokenSource();
        copy.Journal.At = at => _ = at == "after settle" ? Stop() : 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copy.RunAsync(stop: stop.Token));
        copy.Journal.At = _ => { };
        await copy.SucceedAsync();

        await copy.AssertSameAsync();

        int Stop()
        {
            stop.Cancel();
            return 0;
        }
    }

    // In three folders, with equal messages within one and in two of them.
    private async Task<CopyUnderTest> FilledAsync()
    {
        var copy = servers.NewCopy();
        foreach (var box in new[] { 1, 2, 3 })
        {
            await copy.Source.StoreAsync($"INBOX.Box {Number(box)}",
                [.. Enumerable.Range(0, (Messages / 3) - 3).Select(i => Mailbox.Message($"{Number(box)}-{Number(i)}", 3000)), Mailbox.Message("same"), Mailbox.Message("same"), Mailbox.Message("same too")]);
        }

        return copy with { Settings = copy.Settings with { AppendMessages = 5 } };
    }

    private static IEnumerable<string> Digests(IEnumerable<Stored> messages) => messages.Select(m => m.Digest).Order(StringComparer.Ordinal);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}

using System.Diagnostics;
using Hikyaku.Platform.Testing;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Integration;

[Collection(OneNode.Name)]
public sealed class Reading_the_replica(NodeFixture fixture)
{
    private static readonly int Reads = Campaign.Size("reads", everyDay: 60_000);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "NOD-2"), Trait("Size", "reads")]
    public async Task Whoever_reads_gets_an_answer_in_every_moment_of_constant_writing()
    {
        // Who else writes it is noticed and ends it.
        await _node.StopAgentAsync();
        try
        {
            await ReadWhileWritingAsync();
        }
        finally
        {
            await _node.StartAgentAsync();
            await _node.ReadyAsync();
        }
    }

    private async Task ReadWhileWritingAsync()
    {
        using var reader = Process.Start(new ProcessStartInfo("setpriv", ["--reuid=postfix", "--regid=postfix", "--clear-groups", "sqlite3", _node.Replica])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var writing = Task.Run(() => WriteBeside(reader), TestContext.Current.CancellationToken);
        var (answers, errors) = (CountLinesAsync(reader.StandardOutput), reader.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        for (var i = 0; i < Reads; i++) await reader.StandardInput.WriteLineAsync("SELECT node FROM replica;");
        reader.StandardInput.Close();
        await reader.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal("", await errors);
        Assert.Equal(Reads, await answers);
        Assert.InRange(await writing, 1000, int.MaxValue);
    }

    // Without waiting for the disk, for more commits.
    private int WriteBeside(Process reader)
    {
        using var writer = new SqliteConnection($"Data Source={_node.Replica};Pooling=False");
        writer.Open();
        writer.Run("PRAGMA synchronous = OFF");
        var writes = 0;
        for (; !reader.HasExited; writes++) writer.Run("UPDATE replica SET writes = writes + 1");
        return writes;
    }

    private static async Task<int> CountLinesAsync(StreamReader from)
    {
        var lines = 0;
        while (await from.ReadLineAsync() is not null) lines++;
        return lines;
    }
}

namespace Hikyaku.MailNode.Tests.Specs;

/// <summary>Each line once, whatever is done to the file.</summary>
[Trait("Rule", "OPS-7")]
public sealed class Reading_logs_that_rotate : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hikyaku-log-").FullName;
    private readonly LogFile _log;
    private LogPosition? _position;
    private int _lost, _broken;

    public Reading_logs_that_rotate() => _log = new(Log);

    private string Log => Path.Combine(_folder, "mail.log");

    public void Dispose()
    {
        _log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Lines_come_once_and_an_unfinished_one_when_it_is_finished()
    {
        Assert.Empty(Read(_log));
        Append("one\ntwo\nthr");
        Assert.Equal(["one", "two"], Read(_log));
        Append("ee\n");
        Assert.Equal(["three"], Read(_log));
        Assert.Empty(Read(_log));
    }

    [Fact]
    public void Another_agent_goes_on_where_the_last_one_ended()
    {
        Append("one\n");
        Assert.Equal(["one"], Read(_log));
        Append("two\n");
        using var other = new LogFile(Log);
        Assert.Equal(["two"], Read(other));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_renamed_log_is_read_to_its_end_before_the_new_one(bool sameAgent)
    {
        Append("one\n");
        Assert.Equal(["one"], Read(_log));
        Append("two\n");
        File.Move(Log, Log + ".1");
        File.AppendAllText(Log + ".1", "three\n");
        Append("four\n");
        using var other = new LogFile(Log);
        Assert.Equal(["two", "three", "four"], Read(sameAgent ? _log : other));
        Assert.Equal(0, _lost);
    }

    [Fact]
    public void A_log_that_was_renamed_and_has_no_follower_yet_is_read_on()
    {
        Append("one\n");
        Assert.Equal(["one"], Read(_log));
        File.Move(Log, Log + ".1");
        File.AppendAllText(Log + ".1", "two\n");
        Assert.Equal(["two"], Read(_log));
    }

    [Fact]
    public void A_log_that_is_removed_while_it_is_open_is_read_to_its_end()
    {
        Append("one\n");
        Assert.Equal(["one"], Read(_log));
        Append("two\n");
        File.Delete(Log);
        Append("three\n");
        Assert.Equal(["two", "three"], Read(_log));
        Assert.Equal(0, _lost);
    }

    [Fact]
    public void A_log_that_was_removed_while_no_agent_ran_is_counted_as_lost()
    {
        Append("one\n");
        Read(_log);
        // Held by a second name, so that the new file has another number.
        File.Move(Log, Path.Combine(_folder, "elsewhere"));
        Append("three\n");
        using var other = new LogFile(Log);
        Assert.Equal(["three"], Read(other));
        Assert.Equal(1, _lost);
    }

    [Fact]
    public void A_log_that_was_emptied_is_read_from_its_beginning()
    {
        Append("a long first line\n");
        Read(_log);
        File.WriteAllText(Log, "");
        Append("new\n");
        Assert.Equal(["new"], Read(_log));
        File.WriteAllText(Log, "");
        Assert.Empty(Read(_log));
        Append("again\n");
        Assert.Equal(["again"], Read(_log));
    }

    [Fact]
    public void A_log_that_was_emptied_and_is_longer_again_is_known_by_its_beginning()
    {
        Append(string.Concat(Enumerable.Range(0, 50).Select(i => $"old {i}\n")));
        Assert.Equal(50, Read(_log).Count);
        File.WriteAllText(Log, string.Concat(Enumerable.Range(0, 100).Select(i => $"new {i}\n")));
        Assert.Equal(100, Read(_log).Count);
    }

    [Fact]
    public void A_line_that_is_too_long_and_bytes_that_are_no_text_stop_nothing()
    {
        Append("one\n" + new string('x', 1_000_000) + "\ntwo\n");
        Assert.Equal(["one", "two"], Read(_log).Where(l => l.Length < 100));
        Assert.InRange(_broken, 1, 20);
        using (var file = new FileStream(Log, FileMode.Append)) file.Write([0xff, 0xfe, 0, 0x80, (byte)'\n', (byte)'3', (byte)'\n']);
        Assert.Equal("3", Read(_log)[^1]);
    }

    [Fact]
    public void Many_lines_come_in_portions_and_in_order()
    {
        Append(string.Concat(Enumerable.Range(0, 10_000).Select(i => $"{i}\n")));
        var first = _log.Read(null)!;
        Assert.True(first.More);
        Assert.Equal(LogFile.LinesAtOnce, first.Lines.Count);
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => $"{i}"), Read(_log));
    }

    private void Append(string text) => File.AppendAllText(Log, text);

    // All that there is.
    private List<string> Read(LogFile log)
    {
        var lines = new List<string>();
        for (var rounds = 0; rounds < 1000 && log.Read(_position) is { } chunk; rounds++)
        {
            Assert.Equal(_position, chunk.From);
            lines.AddRange(chunk.Lines.Select(l => l.Text));
            (_position, _lost, _broken) = (chunk.Next, _lost + (chunk.Lost ? 1 : 0), _broken + chunk.Broken);
        }

        return lines;
    }
}

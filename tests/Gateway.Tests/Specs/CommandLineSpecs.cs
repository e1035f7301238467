using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;
using Hikyaku.Gateway.Tests.Integration;

namespace Hikyaku.Gateway.Tests.Specs;

[Trait("Rule", "SEC-2")]
public sealed class TerminalTextSpecs
{
    [Theory]
    [InlineData("営業部 山田", "営業部 山田")]
    [InlineData("全角　空白", "全角　空白")]
    [InlineData("a\u001b]0;title\u0007b", "a<U+001B>]0;title<U+0007>b")]
    [InlineData("\u009b2J", "<U+009B>2J")]
    [InlineData("two\r\nlines", "two<U+000D><U+000A>lines")]
    [InlineData("abc\u202egnp", "abc<U+202E>gnp")]
    [InlineData("zero\u200bwidth", "zero<U+200B>width")]
    [InlineData("\ud83d\udce6", "\ud83d\udce6")]
    public void What_a_terminal_obeys_stands_as_its_code(string text, string visible)
    {
        Assert.Equal(visible, TerminalText.Visible(text));
        Assert.Equal(visible, TerminalText.Visible(visible));
    }

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("営業部", 6)]
    [InlineData("ｱｲｳ", 3)]
    [InlineData("Ａ", 2)]
    [InlineData("が", 2)] // with a combining mark
    [InlineData("\ud83d\udce6", 2)]
    public void Wide_characters_take_two_columns(string text, int columns) => Assert.Equal(columns, TerminalText.Width(text));

    // No attribute can hold half a character.
    [Fact]
    public void Half_a_character_stands_as_one_that_is_missing() => Assert.Equal("half\ufffd", TerminalText.Visible("half\ud83d"));

    [Fact]
    public void JSON_keeps_its_meaning_without_what_a_terminal_obeys()
    {
        var said = new JsonObject { ["comment"] = "\u001b[31m営業部\u202e\u009b" };

        var line = JsonText.Line(said);

        Assert.DoesNotContain(line, c => char.IsControl(c) || c == '\u202e');
        Assert.Contains("営業部", line, StringComparison.Ordinal);
        Assert.Equal("\u001b[31m営業部\u202e\u009b", JsonNode.Parse(line)!["comment"]!.GetValue<string>());
    }

    [Fact]
    public void Columns_stand_below_each_other_whatever_is_in_them()
    {
        string[] lines = [.. Table.Lines(["Name", new("MB", IsNumber: true), "Comment"], [["taro", "5", "営業部"], ["営業部", "1024", null], ["a\u001b[0m", null, ""]])];

        Assert.Equal(
        [
            "Name            MB  Comment",
            "taro             5  営業部",
            "営業部        1024  -",
            "a<U+001B>[0m     -  -",
        ], lines);
    }

    [Fact]
    public void A_fact_that_is_not_known_is_left_out()
        => Assert.Equal(["状態  normal", "A     x"], Table.Facts(("状態", "normal"), ("B", null), ("A", "x")));
}

[Trait("Rule", "GWY-3")]
public sealed class CommandLineSpecs
{
    private const string Api = "http://127.0.0.1:9";
    private static readonly string Token = "hky_" + new string('A', 43);

    [Theory]
    [InlineData("account", "shwo", "x@example.jp")]
    [InlineData("account")]
    [InlineData("account", "show")]
    [InlineData("account", "show", "taro")]
    [InlineData("account", "unlock", "taro@example.jp")]
    [InlineData("account", "find", "taro", "--limit", "0")]
    [InlineData("account", "find", "taro", "--status", "odd")]
    [InlineData("domain", "show", "..")]
    [InlineData("events")]
    [InlineData("completion", "fish")]
    public async Task A_command_that_cannot_be_read_is_2_and_leaves_standard_output_empty(params string[] args)
    {
        var run = new CommandLineRun(Api, Token);

        Assert.Equal(ExitCodes.Usage, await run.RunAsync(CancellationToken.None, args));
        Assert.Equal("", run.Out);
        Assert.NotEqual("", run.Error.Trim());
    }

    [Theory, Trait("Rule", "SEC-4")]
    [InlineData(null, "HIKYAKU_API")]
    [InlineData("mail.example.jp", "HIKYAKU_API")]
    [InlineData("ftp://mail.example.jp", "HIKYAKU_API")]
    [InlineData("https://operator:secret@mail.example.jp", "HIKYAKU_API")]
    [InlineData("http://mail.example.jp", "https")]
    public async Task An_address_to_which_no_token_may_go_is_2(string? api, string told)
    {
        var run = new CommandLineRun(api, Token);

        Assert.Equal(ExitCodes.Usage, await run.RunAsync(CancellationToken.None, "node", "list"));
        Assert.Contains(told, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", run.Error, StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "SEC-4"), Trait("Rule", "GWY-2")]
    [InlineData("600", "hky_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", ExitCodes.Unreachable, "cannot be reached")]
    [InlineData("640", "hky_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", ExitCodes.Usage, "0640")]
    [InlineData("604", "hky_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", ExitCodes.Usage, "0604")]
    [InlineData("600", "Ope-rator-1234", ExitCodes.Usage, "hky_")]
    [InlineData("600", "", ExitCodes.Usage, "hky_")]
    public async Task A_token_comes_from_a_file_that_is_its_owners_alone(string mode, string text, int code, string told)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, text);
#pragma warning disable CA1416 // the platform runs on Linux
        File.SetUnixFileMode(file, (UnixFileMode)Convert.ToInt32(mode, 8));
#pragma warning restore CA1416
        var run = new CommandLineRun(Api, null) { TokenFile = file };

        Assert.Equal(code, await run.RunAsync(CancellationToken.None, "node", "list"));
        Assert.Contains(told, run.Error, StringComparison.Ordinal);
        if (text.Trim() is { Length: > 0 } secret) Assert.DoesNotContain(secret, run.Error, StringComparison.Ordinal);
        File.Delete(file);
        Assert.Equal(ExitCodes.Usage, await new CommandLineRun(Api, null) { TokenFile = file }.RunAsync(CancellationToken.None, "node", "list"));
    }

    [Theory]
    [InlineData("ja_JP.UTF-8", "使用")]
    [InlineData("en_US.UTF-8", "Usage")]
    [InlineData("C", "Usage")]
    public async Task Help_is_0_and_in_the_language_of_the_locale(string locale, string told)
    {
        var run = new CommandLineRun(null, null, locale);

        Assert.Equal(ExitCodes.Done, await run.RunAsync(CancellationToken.None, "account", "unlock", "--help"));
        Assert.Contains(told, run.Out, StringComparison.Ordinal);
        Assert.Contains("--reason", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_is_told_with_each_broken_rule_and_its_code()
    {
        var problem = JsonNode.Parse("""
            {"type":"urn:hikyaku:problem:a.first","title":"Not possible","status":422,"detail":"One. Two.",
             "errors":[{"code":"a.first","field":"reason","detail":"One."},{"code":"a.second","detail":"Two."}]}
            """);

        Assert.Equal(
            ["Not possible (422)", "One. Two.", "- reason: One. (a.first)", "- Two. (a.second)", "Code: a.first", "Try again in 2 s."],
            new ApiRefusalException(422, problem, TimeSpan.FromSeconds(1.2)).Lines);
        Assert.Equal(["HTTP (502)"], new ApiRefusalException(502, null, null).Lines);
    }

    [Fact, Trait("Rule", "OPS-2")]
    public async Task Events_are_read_with_their_positions_also_those_without_data()
    {
        const string stream = "retry: 1500\nid: 7\n\n: nothing\n\nid: 8\nevent: x\ndata: {\"a\":\ndata: 1}\n\nid:9\n\ndata: unfinished";
        using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(stream));
        var read = new List<StreamEvent>();
        await foreach (var e in ServerSentEvents.ReadAsync(bytes, TimeSpan.FromSeconds(5), CancellationToken.None)) read.Add(e);

        Assert.Equal([new("7", null, TimeSpan.FromMilliseconds(1500)), new("8", "{\"a\":\n1}", null), new("9", null, null)], read);
    }

    [Fact]
    public void Every_command_and_option_stands_in_the_page_for_operators()
    {
        var page = File.ReadAllText(Path.Combine(CommandLineRun.Repository, "docs", "command-line.md"));
        var commands = Leaves(HikyakuCommand.Create(new(_ => null, "", () => Stream.Null, TextWriter.Null, TextWriter.Null, TimeZoneInfo.Utc)), "").ToList();

        Assert.Equal(15, commands.Count);
        Assert.Empty(commands.Where(c => !page.Contains($"`{c.Path}", StringComparison.Ordinal)).Select(c => c.Path));
        Assert.Empty(commands.SelectMany(c => c.Command.Options).Where(o => !page.Contains(o.Name, StringComparison.Ordinal)).Select(o => o.Name));
    }

    [Theory]
    [InlineData("hikyaku acc", "account")]
    [InlineData("hikyaku account un", "unlock")]
    [InlineData("hikyaku account unlock x@example.jp --kind s", "sending-locked")]
    [InlineData("hikyaku completion z", "zsh")]
    [InlineData("hikyaku account show --a", "--at")]
    public async Task A_shell_completes_commands_options_and_values(string line, string words)
    {
        // As bash calls it, with the program itself.
        var script = $$"""
            PATH=$PWD:$PATH
            eval "$(hikyaku completion bash)"
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}}
            IFS=' ' read -ra COMP_WORDS <<<"$COMP_LINE"
            [[ $COMP_LINE != *' ' ]] || COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _hikyaku
            echo "${COMPREPLY[*]}"
            """;
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true, WorkingDirectory = AppContext.BaseDirectory, Environment = { ["LANG"] = "C.UTF-8" } })!;
        var replied = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();

        Assert.Equal(words, replied.Trim());
    }

    private static IEnumerable<(string Path, System.CommandLine.Command Command)> Leaves(System.CommandLine.Command command, string path)
        => command.Subcommands.Count == 0 ? [(path, command)] : command.Subcommands.SelectMany(c => Leaves(c, $"{path} {c.Name}".Trim()));
}

using System.Globalization;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>A command of <c>hikyaku</c> as somebody types it, with what its terminal shows.</summary>
internal sealed class CommandLineRun : IDisposable
{
    private readonly Dictionary<string, string> _variables;
    private readonly SharedText _out = new();
    private readonly SharedText _error = new();
    private readonly string? _token;

    /// <summary>A terminal.</summary>
    /// <param name="api">HIKYAKU_API; null: not set.</param>
    /// <param name="token">HIKYAKU_TOKEN; null: not set.</param>
    /// <param name="language">LANG.</param>
    public CommandLineRun(string? api, string? token, string language = "en_US.UTF-8")
    {
        _token = token;
        _variables = new() { ["LANG"] = language };
        if (api is not null) _variables["HIKYAKU_API"] = api;
        if (token is not null) _variables["HIKYAKU_TOKEN"] = token;
    }

    /// <summary>The checkout that the tests were built from.</summary>
    public static string Repository { get; } = RepositoryAbove(AppContext.BaseDirectory);

    /// <summary>What was typed into it.</summary>
    public string Input { get; init; } = "";

    /// <summary>HIKYAKU_TOKEN_FILE.</summary>
    public string TokenFile { init => _variables["HIKYAKU_TOKEN_FILE"] = value; }

    /// <summary>What was asked for.</summary>
    public string Out => _out.Text;

    /// <summary>All else.</summary>
    public string Error => _error.Text;

    /// <summary>The lines of <see cref="Out"/>.</summary>
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The lines as JSON.</summary>
    public JsonNode[] Items => [.. Lines.Select(l => JsonNode.Parse(l)!)];

    /// <summary>Runs a command; its code.</summary>
    public async Task<int> RunAsync(CancellationToken stop, params string[] args)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromMinutes(2)); // some commands follow until something happens
        var home = Path.Combine(Path.GetTempPath(), "hikyaku-nobody");
        var zone = TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(9), null, null);
        var code = await HikyakuCommand.RunAsync(
            args, new(_variables.GetValueOrDefault, home, () => new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Input)), _out, _error, zone), limit.Token);
        if (_token is not null) Assert.DoesNotContain(_token, Out + Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Out + Error, c => char.IsControl(c) && c is not ('\n' or '\t'));
        return code;
    }

    /// <summary>Runs a command that must be done.</summary>
    public static async Task<CommandLineRun> DoneAsync(string api, string token, params string[] args)
    {
        var run = new CommandLineRun(api, token);
        var code = await run.RunAsync(CancellationToken.None, args);
        Assert.True(code == ExitCodes.Done, $"{string.Join(' ', args)}: {code.ToString(CultureInfo.InvariantCulture)} {run.Error}");
        return run;
    }

    public void Dispose()
    {
        _out.Dispose();
        _error.Dispose();
    }

    private static string RepositoryAbove(string folder)
        => File.Exists(Path.Combine(folder, "platform.sln")) ? folder : RepositoryAbove(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not within the repository"));

    // Is read while the command writes.
    private sealed class SharedText : StringWriter
    {
        private readonly Lock _lock = new();

        public SharedText() : base(CultureInfo.InvariantCulture) => NewLine = "\n";

        public string Text
        {
            get
            {
                lock (_lock) return ToString();
            }
        }

        public override void Write(char value)
        {
            lock (_lock) base.Write(value);
        }

        public override void Write(string? value)
        {
            lock (_lock) base.Write(value);
        }

        public override void WriteLine(string? value)
        {
            lock (_lock) base.Write(value + "\n");
        }
    }
}

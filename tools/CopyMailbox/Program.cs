using System.Globalization;
using System.Text.Json;
using Hikyaku.Copier;
using Hikyaku.Platform;

namespace Hikyaku.CopyMailbox;

/// <summary>
/// Copies one mailbox without the service: <c>CopyMailbox JOURNAL SOURCE DESTINATION [SETTING=VALUE...]</c>. The journal is a file that a second
/// run goes on from. Source and destination are <c>imaps://user@host:port</c>, or <c>imap://</c> for no TLS at all; their passwords are
/// in <c>HIKYAKU_SOURCE_PASSWORD</c> and <c>HIKYAKU_DESTINATION_PASSWORD</c>, because other users of a machine see the arguments. Networks that
/// are not public and may be reached are in <c>HIKYAKU_COPY_ALLOW</c>. Settings are those of <see cref="CopySettings"/> that are numbers (times
/// in milliseconds). It prints how the copy has ended, as JSON, and ends with 1 when the copy has ended early.
/// </summary>
public static class Program
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Copies.</summary>
    public static async Task<int> Main(string[] args)
    {
        if (args is not [var journal, var source, var destination, .. var settings])
        {
            await Console.Error.WriteLineAsync("CopyMailbox JOURNAL SOURCE DESTINATION [SETTING=VALUE...]");
            return 2;
        }

        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        var bounds = Settings(settings);
        await using var copied = SqliteJournal.Open(journal);
        var copier = new MailboxCopier(new SourceConnector(new NetworkGuard(Environment.GetEnvironmentVariable("HIKYAKU_COPY_ALLOW")), bounds), bounds);
        var result = await copier.CopyAsync(Source(new(source)), Destination(new(destination)), copied, null, stop.Token);
        Console.WriteLine(JsonSerializer.Serialize(result, Indented));
        return result.Failure is null ? 0 : 1;
    }

    private static CopySource Source(Uri uri)
        => new(uri.Host, User(uri), Secret("HIKYAKU_SOURCE_PASSWORD"), uri.IsDefaultPort ? null : uri.Port, IsTls(uri) ? CopySecurity.Tls : CopySecurity.Plain, AllowPlain: !IsTls(uri));

    private static CopyDestination Destination(Uri uri)
        => new(uri.Host, uri.IsDefaultPort ? IsTls(uri) ? 993 : 143 : uri.Port, User(uri), Secret("HIKYAKU_DESTINATION_PASSWORD"), IsTls(uri));

    private static bool IsTls(Uri uri) => uri.Scheme == "imaps";

    private static string User(Uri uri) => Uri.UnescapeDataString(uri.UserInfo);

    private static CopySecret Secret(string variable)
        => new(Environment.GetEnvironmentVariable(variable) ?? throw new InvalidOperationException($"{variable} is not set"));

    private static CopySettings Settings(IEnumerable<string> pairs)
    {
        var settings = new CopySettings();
        foreach (var pair in pairs.Select(p => p.Split('=', 2)))
        {
            var property = typeof(CopySettings).GetProperty(pair[0]) ?? throw new ArgumentException($"There is no setting {pair[0]}");
            var number = long.Parse(pair[1], CultureInfo.InvariantCulture);
            property.SetValue(settings, property.PropertyType == typeof(TimeSpan) ? TimeSpan.FromMilliseconds(number) : Convert.ChangeType(number, property.PropertyType, CultureInfo.InvariantCulture));
        }

        return settings;
    }
}
